"""The embedded database (chDB): one folder, owned by one process."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import Event
from pipeline.domain.extras import missing_package
from pipeline.errors import LimitTooLow, StoreBusy, StoreError
from pipeline.storage.folders import private_folder
from pipeline.storage.locks import OwnerLock
from pipeline.storage.process_limits import GIGABYTE, check_limits
from pipeline.store.backends.database import CONFIDENTIAL, LONGEST_PROBLEM, VALUE_CODES, DatabaseError, literal
from pipeline.store.schema.tables import ColumnType, Table

_CODE = re.compile(r"Code: (\d+)\. (?:DB::\w+: )?(.*)", re.DOTALL)

_FULL_CODES: Final = frozenset({243})

_BLOCK_ROWS: Final = 512
_HALVED_ROWS: Final = 20_000
"""From here on the time won by halving outweighs a second part on the disk."""


class _Engine:
    """chDB runs one engine per process, on one folder; all our connections to it are counted here."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._folder: Path | None = None
        self._lock: OwnerLock | None = None
        self._users = 0

    def connect(self, folder: Path) -> Any:
        with self._guard:
            if self._users and folder != self._folder:
                raise StoreError(
                    str(folder),
                    f"this process already has the embedded store {self._folder} open, and can have only one",
                    "Use one chdb sink per process.",
                )
            if not self._users:
                self._own(folder)
            try:
                session = _session(folder)
            except BaseException:
                if not self._users:
                    self._disown()
                raise
            self._users += 1
            return session

    def disconnect(self, session: Any) -> None:
        with self._guard:
            session.cleanup()
            self._users -= 1
            if not self._users:
                self._disown()

    def _own(self, folder: Path) -> None:
        lock = OwnerLock(lock_path(folder))
        try:
            owned = lock.acquire()
        except OSError as error:
            raise DatabaseError(str(folder), f"the store cannot be locked: {error.strerror}") from error
        if not owned:
            raise StoreBusy(
                str(folder),
                f"process {lock.owner_pid()} owns this event store",
                "Wait until it ends, or stop it; an embedded store belongs to one process.",
            )
        self._folder, self._lock = folder, lock
        # Links of a backup that was killed hold on to what is erased and disposed of.
        shutil.rmtree(folder / "shadow", ignore_errors=True)

    def _disown(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._folder = self._lock = None


# Process-wide because chDB's engine is: a second one on another folder is refused by chDB itself.
_ENGINE = _Engine()
EMBEDDED_STORE_MEMORY: Final = 3 * GIGABYTE
"""Address space of a process that opens a store; with 2.5 GB it could not."""
_OPEN_FILES: Final = 128
_ELSEWHERE: Final = "Change to another one first, such as / (cd /)"


def lock_path(folder: Path) -> Path:
    """The file that says which process owns the store in `folder`."""
    return folder.with_name(f"{folder.name}.lock")


def _session(folder: Path) -> Any:
    # Above its limits the engine fails in ways of its own, or hangs.
    try:
        check_limits(f"the embedded store {folder}", memory=EMBEDDED_STORE_MEMORY, open_files=_OPEN_FILES)
    except LimitTooLow as error:
        raise DatabaseError(error.subject, error.problem, error.fix) from None
    try:
        from chdb.session import Session
    except ImportError as error:
        raise missing_package("chdb", f"cannot be imported: {error}") from error
    except PermissionError as error:
        # chDB returns to the working directory after its import.
        problem = f"the working directory {error.filename} is closed to this user"
        raise DatabaseError(str(folder), problem, _ELSEWHERE) from error
    except FileNotFoundError as error:
        raise DatabaseError(str(folder), "the working directory was deleted", _ELSEWHERE) from error
    try:
        return Session(str(folder))  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        raise _translate(str(folder), error) from error


def _translate(subject: str, error: Exception) -> DatabaseError:
    match = _CODE.search(str(error))
    code, problem = (int(match[1]), match[2]) if match else (0, str(error))
    problem = " ".join(problem.split())[:LONGEST_PROBLEM]
    full = code in _FULL_CODES or "No space left" in problem
    return DatabaseError(
        subject,
        f"the disk is full: {problem}" if full else problem,
        "Make room; nothing accepted is lost meanwhile." if full else "",
        code=code,
    )


class ChdbDatabase:
    """A connection to the store in `folder`; several per process may share it.

    Args:
        folder: of the store; created when missing, for this user only.

    Raises:
        StoreBusy: another process owns it.
        StoreError: it cannot be created or opened.
    """

    # The engine's own defaults leave a batch in the page cache; an acknowledged batch must survive a power cut.
    merge_tree_settings = ", fsync_after_insert = 1, fsync_part_directory = 1"

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        try:
            private_folder(self._folder)
        except OSError as error:
            raise DatabaseError(str(self._folder), f"the folder cannot be created: {error.strerror}") from error
        self._closing = threading.Lock()
        self._connection: Any = _ENGINE.connect(self._folder)

    @property
    def target(self) -> str:
        """The folder."""
        return str(self._folder)

    def command(self, sql: str) -> None:
        """See `EventDatabase.command`."""
        self._query(sql)

    def rows(self, sql: str, confidential: Sequence[str] = ()) -> list[dict[str, Any]]:
        """See `EventDatabase.rows`. The engine inside this process logs no statements."""
        if confidential:
            values = f"(SELECT arrayJoin({literal(list(confidential))}) AS value)"
            sql = sql.replace(CONFIDENTIAL, values, 1)
        content: bytes = self._query(sql).bytes()
        return [msgspec.json.decode(line) for line in content.splitlines()]

    def _query(self, sql: str) -> Any:
        try:
            return self._session.query(sql, "JSONEachRow")
        except RuntimeError as error:
            raise _translate(self.target, error) from error

    @property
    def _session(self) -> Any:
        if self._connection is None:
            raise DatabaseError(self.target, "the connection is closed")
        return self._connection

    def insert(self, table: Table, events: Sequence[Event]) -> None:
        """See `EventDatabase.insert`."""
        columns = ", ".join(table.columns)
        values = columns.replace("event_id", "reinterpretAsUUID(assumeNotNull(event_id))")
        # optimize_on_insert would merge the block's own duplicates at once; queries and merges do that anyway, and
        # without it inserts are twice as fast.
        sql = (
            f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM Python({_BLOCK_NAME}) "  # noqa: S608 - no values
            "SETTINGS optimize_on_insert = 0"
        )
        for block in _blocks(table, events):
            try:
                _query_with_block(self._session, sql, block)
            except RuntimeError as error:
                failure = _translate(self.target, error)
                if failure.code in VALUE_CODES:
                    raise EventRefused(table.name, failure.problem) from error
                raise failure from error

    def close(self) -> None:
        """See `EventDatabase.close`."""
        with self._closing:
            if self._connection is not None:
                _ENGINE.disconnect(self._connection)
                self._connection = None


_BLOCK_NAME: Final = "viapublica_block"


def _query_with_block(session: Any, sql: str, viapublica_block: Any) -> None:  # noqa: ARG001
    """Run `sql`, in which chDB finds the block by the name of this argument.

    Not by `send_insert`: chDB 4.4 swallows the error of a full disk there and reports rows that it never wrote.
    """
    session.query(sql, "JSONEachRow")


def _blocks(table: Table, events: Sequence[Event]) -> Iterator[Any]:
    """The events in one block, or a big batch in two: the second is converted while the engine writes the first."""
    if len(events) < _HALVED_ROWS:
        yield _arrow_table(table, events)
        return
    middle = len(events) // 2
    with ThreadPoolExecutor(1, "chdb-block") as converter:
        first, second = (converter.submit(_arrow_table, table, part) for part in (events[:middle], events[middle:]))
        yield first.result()
        yield second.result()


def _arrow_table(table: Table, events: Sequence[Event]) -> Any:
    """The events as an Arrow table, converted in blocks too small to set off the garbage collector (twice as fast)."""
    import pyarrow as pa

    plain = {
        ColumnType.STRING: pa.string(),
        ColumnType.INT64: pa.int64(),
        ColumnType.UINT16: pa.uint16(),
        ColumnType.UINT32: pa.uint32(),
        ColumnType.FLOAT32: pa.float32(),
        ColumnType.NULLABLE_FLOAT32: pa.float32(),
        ColumnType.UUID: pa.binary(16),
    }
    schema = pa.schema([(name, plain[kind]) for name, kind in table.columns.items()])
    batches = []
    for start in range(0, len(events), _BLOCK_ROWS):
        columns = table.values(events[start : start + _BLOCK_ROWS])
        try:
            arrays = [_array(values, field.type) for values, field in zip(columns.values(), schema, strict=True)]
        except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
            raise EventRefused(table.name, f"a value does not fit its column: {error}") from error
        batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema).combine_chunks()


def _array(values: Sequence[Any], kind: Any) -> Any:
    import pyarrow as pa

    if kind != pa.binary(16):
        return pa.array(values, type=kind)
    big_endian = b"".join([value.int.to_bytes(16, "big") for value in values])
    # ClickHouse stores a UUID as two little-endian words, the first one first.
    words = np.frombuffer(big_endian, ">u8").astype("<u8")
    return pa.FixedSizeBinaryArray.from_buffers(kind, len(values), [None, pa.py_buffer(words)])
