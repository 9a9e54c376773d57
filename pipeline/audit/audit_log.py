"""The log of the audit: records are appended, sealed and on the disk before an operation may answer.

Several processes and threads may append at once. Two locks order them: one for the end of the log, one for the disk, so
that one `fsync` serves all records that were appended while the one before it lasted.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from pipeline.audit.log_state import STATE_NAME, LogState, create_state, first_state, read_state, write_state
from pipeline.audit.record_line import Line, decode_line, encode_record
from pipeline.audit.seal import KEY_NAME, create_auditor_key, damaged_state, next_key, read_auditor_key, seal_of
from pipeline.audit.segments import day_of, day_of_segment, lines_of, segment_name, segment_names
from pipeline.domain.audit import LOG_OPERATION, AuditEntry, Outcome
from pipeline.domain.clock import SystemClock
from pipeline.domain.requester import system_user
from pipeline.domain.times import parse_time
from pipeline.errors import AuditUnavailable, ViapublicaError
from pipeline.storage.folders import private_folder, sync_folder
from pipeline.storage.json_lines import append_bytes
from pipeline.storage.locks import try_lock

if TYPE_CHECKING:
    from pipeline.domain.ports import Clock

_log = structlog.get_logger(__name__)

UNFINISHED: Final = "unfinished"
"""Problem of bytes behind the last record: a process was killed, or a disk was full, while it appended."""
MISSING: Final = "missing"
"""Problem of a log that is shorter than it was."""
_END_LOCK: Final = ".end.lock"
_DISK_LOCK: Final = ".disk.lock"
_TIMEOUT_S: Final = 30.0
"""Longer than a slow disk takes for the records before; a backup holds the locks for longer."""
_POLL_S: Final = 0.002
_turns: Final[defaultdict[tuple[str, str], threading.Lock]] = defaultdict(threading.Lock)
"""Locks between threads of this process, by folder and name of the lock."""


class Appended(NamedTuple):
    """A record that is on the disk.

    Attributes:
        sequence: its number.
        hash: of the record.
        closed_segment: whether it began a new segment, so that the one before has all its records.
    """

    sequence: int
    hash: str
    closed_segment: bool


class _End(NamedTuple):
    """The end of the log, also of records that may not be on the disk yet.

    Attributes:
        state: after the last record.
        names: of all segments.
        written: of those that may have records that are not on the disk.
        size: bytes of the last record's segment; less than `state.end` where some of it is missing.
    """

    state: LogState
    names: tuple[str, ...]
    written: tuple[str, ...]
    size: int

    @property
    def is_short(self) -> bool:
        """Whether records that were on the disk are missing."""
        return self.size < self.state.end


class AuditLog:
    """The log of one folder, created when needed.

    Args:
        folder: of the log.
        clock: of the records' times.
        timeout_s: how long to wait for other processes.
    """

    def __init__(self, folder: Path, clock: Clock | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        self.folder = folder
        self._clock = SystemClock() if clock is None else clock
        self._timeout_s = timeout_s
        self._state_path = folder / STATE_NAME

    def append(self, entry: AuditEntry) -> Appended:
        """Add a record; it is on the disk when this returns, and only then may the operation answer.

        Raises:
            AuditUnavailable: it cannot be added, so the operation must not be done or answered.
        """
        try:
            private_folder(self.folder)
            with self._locked(_END_LOCK):
                self._create()
                appended = self._append(entry)
            self._sync(appended.sequence)
        except OSError as error:
            raise AuditUnavailable(
                f"audit {error.filename or self.folder}",
                f"takes no record ({error.strerror}), so nothing is answered or changed",
                _fix(error),
            ) from error
        if appended.closed_segment:
            self._close_segments()
        return appended

    def _close_segments(self) -> None:
        """Sign the checkpoint of a day that has ended; where that fails, a later one or an anchor catches up."""
        from pipeline.audit.checkpoints import close_segments  # here: it loads cryptography, once a day

        try:
            close_segments(self.folder, self._clock.wall_ms())
        except (ViapublicaError, OSError) as error:
            _log.warning("audit_checkpoint_failed", folder=str(self.folder), error=str(error))

    def _create(self) -> None:
        if self._state_path.exists():
            return
        if segment_names(self.folder):
            raise damaged_state(self._state_path, f"{STATE_NAME} is missing")
        path = self.folder / KEY_NAME
        key = read_auditor_key(path) if path.exists() else create_auditor_key(path)
        create_state(self._state_path, first_state(key))

    def _append(self, entry: AuditEntry) -> Appended:
        """Write the record behind what is there; the caller holds the lock of the end."""
        end = self._find_end()
        if self._completed(end):
            end = self._find_end()
        note = self._note_on(end)
        if note is not None:
            self._write(note, end)
            end = self._find_end()
        return self._write(entry, end)

    def _find_end(self) -> _End:
        """The end of the log, behind records of others that may not be on the disk yet."""
        state = read_state(self._state_path)
        names = tuple(segment_names(self.folder))
        written = tuple(name for name in names if name >= state.segment)
        for name in written:
            state = max(self._states_after(state, name), key=lambda one: one.sequence, default=state)
        size = (self.folder / state.segment).stat().st_size if state.segment in names else 0
        return _End(state, names, written, size)

    def _states_after(self, state: LogState, name: str) -> Iterator[LogState]:
        """The states after each further record of a segment; lines that are no next record are passed over."""
        begin = state.end if name == state.segment else 0
        for line in lines_of(self.folder / name, begin):
            record = decode_line(line.content) if line.complete else None
            if record is not None and _follows(record, state):
                key = next_key(state.head.key).hex()
                state = LogState(record.sequence, record.hash, key, _time_of(record), name, line.end)
                yield state

    def _completed(self, end: _End) -> bool:
        """Add the line end that a kill left out behind a whole record; False where none is missing."""
        name = end.written[-1] if end.written else ""
        for line in lines_of(self.folder / name, end.state.end if name == end.state.segment else 0) if name else ():
            record = None if line.complete else decode_line(line.content)
            if record is not None and _follows(record, end.state):
                with (self.folder / name).open("ab") as file:
                    file.write(b"\n")
                return True
        return False

    def _note_on(self, end: _End) -> AuditEntry | None:
        """The entry that closes what is wrong at the end of the log; None where all is well."""
        if end.is_short:
            reason = f"the log ended before record {end.state.sequence}, which was on the disk"
            return self._own_entry(MISSING, reason, {"segment": end.state.segment, "bytes": end.size})
        content = b"".join(self._behind(end))
        if not content:
            return None
        details: dict[str, str | int | bool] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        return self._own_entry(UNFINISHED, "bytes that are no record were at the end of the log", details)

    def _behind(self, end: _End) -> Iterator[bytes]:
        """The bytes behind the last record, in lines."""
        for name in end.written:
            if name >= end.state.segment:
                begin = end.state.end if name == end.state.segment else 0
                yield from (line.content + b"\n" for line in lines_of(self.folder / name, begin))

    def _own_entry(self, problem: str, reason: str, details: Mapping[str, str | int | bool]) -> AuditEntry:
        return AuditEntry(
            operation=LOG_OPERATION,
            outcome=Outcome.FAILED,
            system_user=system_user(os.geteuid()),
            reason=reason,
            details={"problem": problem, **details},
        )

    def _write(self, entry: AuditEntry, end: _End) -> Appended:
        """Write a line, in a new segment on a new day; what cannot be written as a whole is taken back."""
        state, now_ms = end.state, self._clock.wall_ms()
        line = encode_record(entry, state.head, now_ms, state.time_ms) + b"\n"
        last = end.names[-1] if end.names else ""
        continued = last and day_of_segment(last) == day_of(now_ms) and not end.is_short
        name = last if continued else segment_name(state.sequence + 1, now_ms)
        path = self.folder / name
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if not size:
                sync_folder(self.folder)
            torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
            append_bytes(descriptor, b"\n" + line if torn else line, size, sync=False)
        finally:
            os.close(descriptor)
        record = decode_line(line[:-1])
        if record is None:
            raise AuditUnavailable(f"audit {path}", "cannot store this entry", "Report this error")
        return Appended(record.sequence, record.hash, bool(last) and name != last)

    def _sync(self, sequence: int) -> None:
        """Have a record on the disk; one call serves all records that others appended meanwhile."""
        with self._locked(_DISK_LOCK):
            if read_state(self._state_path).sequence >= sequence:
                return
            end = self._find_end()
            if end.state.sequence < sequence:
                raise AuditUnavailable(f"audit {self.folder}", "lost the record just written", "Check the disk")
            for name in end.written:
                descriptor = os.open(self.folder / name, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            write_state(self._state_path, end.state)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """Hold a lock against other threads, which wait in turn, and other processes, of which one polls."""
        deadline = time.monotonic() + self._timeout_s
        turn = _turns[os.fspath(self.folder.absolute()), name]
        if not turn.acquire(timeout=self._timeout_s):
            raise _locked_for(self.folder, self._timeout_s)
        try:
            descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                while not try_lock(descriptor):
                    if time.monotonic() > deadline:
                        raise _locked_for(self.folder, self._timeout_s)
                    time.sleep(_POLL_S)
                yield
            finally:
                os.close(descriptor)
        finally:
            turn.release()


def _fix(error: OSError) -> str:
    """What to do about an error of the folder."""
    match error.errno:
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return (
                "Every question is recorded, so the folder must be writable: run the command as the user of the "
                "service, or name a writable folder in audit.dir of the configuration"
            )
        case errno.ENOSPC | errno.EDQUOT:
            return "Free disk space; nothing was lost"
        case _:
            return "Check the folder and its disk"


def _locked_for(folder: Path, seconds: float) -> AuditUnavailable:
    return AuditUnavailable(
        f"audit {folder}",
        f"is locked by another process, such as a backup, for longer than {seconds:g} s",
        "Try again when that has ended",
    )


def _follows(record: Line, state: LogState) -> bool:
    """Whether a record is the next one, sealed with its key."""
    head = state.head
    follows = (record.sequence, record.fields["previous"]) == (head.sequence + 1, head.hash)
    return follows and seal_of(head.key, record.text) == record.seal


def _time_of(record: Line) -> int:
    return parse_time(str(record.fields["time"]))
