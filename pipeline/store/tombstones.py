"""Tombstones: what was erased, as keyed hashes, so that no spool, topic or replay brings it back.

``erased/tombstones.jsonl`` in the data folder has a line per erasure, ``erased/key`` the key of its hashes. Without the
key the lines say that something of some cameras and times was erased, and not which vehicle.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Final

import msgspec

from pipeline.domain.erasure import ErasureRequest
from pipeline.domain.events import AlertEvent, Event, HealthEvent, Kind, PlateReadEvent, TrackEvent
from pipeline.domain.hold import Hold
from pipeline.domain.plate import plate_key
from pipeline.errors import StoreError
from pipeline.policy.gate import Refusal, RefusalRule
from pipeline.storage.atomic import create_file, write_atomically
from pipeline.storage.erasure_log import ErasureLog
from pipeline.storage.folders import private_folder
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked
from pipeline.storage.restore_note import check_not_restored
from pipeline.store.coverage_questions import WantedEvents
from pipeline.store.erasure_selection import SHORTEST_IN_TEXT, Selection, TrackKey, track_key

_FOLDER: Final = "erased"
_KEY_BYTES: Final = 32
_ERASED: Final = Refusal(RefusalRule.ERASED, "its vehicle, or its camera and time, was erased on request")
_LONGEST_IN_TEXT: Final = 10
"""Most characters of a plate."""
_OF_VEHICLES: Final = frozenset({Kind.PLATE_READ, Kind.TRACK})
_TOKEN: Final = re.compile(r"[A-Za-z0-9]+")


class _Tombstone(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A line of the file.

    Attributes:
        until_ms: when no spool or topic can hold the events any more.
        before_ms: events that began later are new ones.
        plate: hash of the plate's key; "" for any vehicle.
        cameras, start_ms, end_ms: see `Selection`.
        tracks: hashes of the tracks that carried the plate; sessions: of the videos with such tracks.
        held: cameras and times that holds preserved.
    """

    until_ms: int
    before_ms: int
    plate: str = ""
    cameras: tuple[str, ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    tracks: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    held: tuple[tuple[str, int, int], ...] = ()

    def span(self) -> Selection:
        """Its place and time."""
        end_ms = self.before_ms if self.end_ms is None else min(self.end_ms, self.before_ms)
        held = tuple(Hold("", camera_id, begin_ms, until_ms, "", "", 0) for camera_id, begin_ms, until_ms in self.held)
        return Selection("", self.cameras, self.start_ms, end_ms, held)

    def is_about_what(self, other: _Tombstone) -> bool:
        """Whether vehicle, place and time are those of another one."""
        mine, others = ((one.plate, one.cameras, one.start_ms, one.end_ms) for one in (self, other))
        return mine == others


_lines = msgspec.json.Decoder(_Tombstone)
_json = msgspec.json.Encoder()


class Tombstones:
    """The tombstones of a data folder; several processes may read and add. Safe from any thread.

    A process notices what another has added before its next event.

    Args:
        data_dir: folder of this program's data.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER
        self._path = self._folder / "tombstones.jsonl"
        self._log = ErasureLog(data_dir)
        self._guard = threading.Lock()
        self._state: tuple[int, int, int] | None = None
        self._of_plates: dict[str, list[_Tombstone]] = {}
        self._of_places: list[Selection] = []
        self._tracks: set[str] = set()
        self._key = b""

    def fingerprint(self, plate: str) -> str:
        """The keyed hash of a plate: the same for both of its forms, and useless without the key.

        Raises:
            StoreError: the key cannot be read or created.
        """
        return self._hash("plate", plate_key(plate))

    def add(self, selection: Selection, tracks: Iterable[TrackKey], before_ms: int, until_ms: int) -> None:
        """Let nothing of a selection be stored again; on the disk when this returns.

        Args:
            selection: what is being erased.
            tracks: those that carried its plate.
            before_ms: what begins later is new: the time of the erasure by the fastest clock that is allowed.
            until_ms: when no spool or topic can hold it any more.

        Raises:
            StoreError: the disk failed.
        """
        carriers = list(tracks)
        one = _Tombstone(
            until_ms,
            before_ms,
            self.fingerprint(selection.key) if selection.key else "",
            selection.camera_ids,
            selection.start_ms,
            selection.end_ms,
            tuple(sorted(self._track_hash(key) for key in carriers)),
            tuple(sorted({self._session_hash(stream_id) for _, stream_id, _ in carriers if _is_video(stream_id)})),
            tuple((hold.camera_id, hold.begin_ms, hold.end_ms) for hold in selection.held),
        )
        self._append(one)

    def add_missing(self, erasures: Iterable[tuple[ErasureRequest, int]], until_ms: int) -> None:
        """Add those of erasures that another list knows: a restored data folder may lack them.

        Args:
            erasures: with the `before_ms` of each, see `add`.
            until_ms: see `add`.

        Raises:
            StoreError: the disk failed, or their key is missing.
        """
        with self._errors():
            there = list(self._read()) if self._path.exists() else []
        for request, before_ms in erasures:
            if request.fingerprint and not (self._folder / "key").exists():
                raise self._no_key()
            one = _Tombstone(
                until_ms, before_ms, request.fingerprint, request.camera_ids, request.begin_ms, request.end_ms
            )
            if not any(known.before_ms >= before_ms and known.is_about_what(one) for known in there):
                self._append(one)

    def selections(self, plate_keys: Iterable[str]) -> list[Selection]:
        """What was erased, as far as it is about any of these plates, or about a place and time.

        Raises:
            StoreError: the tombstones or their key cannot be read.
        """
        with self._guard:
            self._refresh()
            found = list(self._of_places)
            for key in plate_keys if self._of_plates else ():
                found += [replace(one.span(), key=key) for one in self._of_plates.get(self._hash("plate", key), ())]
        return list(dict.fromkeys(found))

    def touch(self, wanted: WantedEvents) -> bool:
        """Whether events that a question is about may have been erased, of whatever vehicle.

        Raises:
            StoreError: the tombstones cannot be read.
        """
        with self._guard:
            self._refresh()
            spans = list(self._of_places)
            if not _OF_VEHICLES.isdisjoint(wanted.kinds):
                spans += [one.span() for same in self._of_plates.values() for one in same]
        return any(span.overlaps(wanted.camera_ids, wanted.start_ms, wanted.end_ms) for span in spans)

    def check(self) -> None:
        """Make sure that it is known what was erased, and that it was erased from restored data, too.

        Raises:
            StoreError: the tombstones or their key are damaged or missing, or erasures have to be repeated.
        """
        self.check_repeated()
        with self._guard:
            self._refresh()
            if self._of_plates:
                self._hash("plate", "")

    def check_repeated(self) -> None:
        """Make sure that what was erased was erased from restored data, too.

        Raises:
            StoreError: erasures have to be repeated.
        """
        check_not_restored([self._folder.parent])
        self._log.check_repeated()

    def refusal(self, event: Event) -> Refusal | None:
        """A condition of a `Gate`.

        Raises:
            StoreError: the tombstones cannot be read, so it is not known.
        """
        return _ERASED if self.erased(event) else None

    def erased(self, event: Event) -> bool:
        """Whether an event belongs to what was erased, so that it must not be stored.

        Of a read of an erased plate the track is remembered, as its summary follows.

        Raises:
            StoreError: the tombstones cannot be read, so it is not known.
        """
        with self._guard:
            self._refresh()
            if any(span.wants(event, ()) for span in self._of_places):
                return True
            if not self._of_plates:
                return False
            if isinstance(event, TrackEvent | AlertEvent) and self._track_hash(track_key(event)) in self._tracks:
                return True
            found = next(
                (
                    one
                    for text in _plates_in(event)
                    for one in self._of_plates.get(self._hash("plate", plate_key(text)), ())
                    if one.span().there_and_then(event) or self._is_again(one, event)
                ),
                None,
            )
        if found is not None and isinstance(event, PlateReadEvent):
            self._remember_track(found, (event.camera_id, event.stream_id, event.track_id))
        return found is not None

    def remove_expired(self, now_ms: int) -> int:
        """Remove tombstones whose time is over; how many.

        Raises:
            StoreError: the disk failed.
        """
        if not self._path.exists():
            return 0
        with self._errors(), locked(self._folder / ".lock"):
            lines = list(self._read())
            left = [one for one in lines if one.until_ms > now_ms]
            if len(left) < len(lines):
                write_atomically(self._path, b"".join(_json.encode(one) + b"\n" for one in left))
        return len(lines) - len(left)

    def _is_again(self, one: _Tombstone, event: Event) -> bool:
        """Whether an event names the plate in a video in which it was erased, whatever time its file has now."""
        if not isinstance(event, PlateReadEvent) or (one.start_ms, one.end_ms) != (None, None):
            return False
        there = not one.cameras or event.camera_id in one.cameras
        return there and _is_video(event.stream_id) and self._session_hash(event.stream_id) in one.sessions

    def _remember_track(self, found: _Tombstone, key: TrackKey) -> None:
        hashed = self._track_hash(key)
        if hashed not in self._tracks:
            self._append(msgspec.structs.replace(found, tracks=(hashed,), sessions=()))

    def _append(self, one: _Tombstone) -> None:
        with self._errors():
            private_folder(self._folder)
            with locked(self._folder / ".lock"):
                append_line(self._path, _json.encode(one))

    def _refresh(self) -> None:
        with self._errors():
            try:
                status = self._path.stat()
            except FileNotFoundError:
                state = (0, 0, 0)
            else:
                state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if state == self._state:
                return
            lines = list(self._read()) if state[0] else []
        self._of_plates, self._of_places, self._tracks = {}, [], set()
        for one in lines:
            if one.plate:
                self._of_plates.setdefault(one.plate, []).append(one)
                self._tracks.update(one.tracks)
            else:
                self._of_places.append(one.span())
        self._state = state

    def _read(self) -> Iterator[_Tombstone]:
        """The complete lines: one that a crash cut off was never confirmed."""
        for number, line in enumerate(self._path.read_bytes().split(b"\n")[:-1], 1):
            try:
                yield _lines.decode(line)
            except msgspec.MsgspecError as error:
                raise StoreError(
                    f"{self._path}, line {number}",
                    "is corrupt, so it is not known what was erased; no event is stored until it is fixed",
                    "Restore the file from a backup, or delete the line and erase again what it was about",
                ) from error

    def _track_hash(self, key: TrackKey) -> str:
        return self._hash("track", *map(str, key))

    def _session_hash(self, stream_id: str) -> str:
        return self._hash("session", stream_id)

    def _hash(self, *parts: str) -> str:
        if not self._key:
            self._key = self._load_key()
        return hmac.new(self._key, "\x1f".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _load_key(self) -> bytes:
        path = self._folder / "key"
        with self._errors():
            try:
                key = path.read_bytes()
            except FileNotFoundError:
                if self._path.exists() and any(one.plate or one.tracks for one in self._read()):
                    raise self._no_key() from None
                with locked(private_folder(self._folder) / ".lock"), suppress(FileExistsError):  # another was faster
                    create_file(path, secrets.token_bytes(_KEY_BYTES))
                key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise StoreError(str(path), f"has {len(key)} bytes instead of {_KEY_BYTES}", "Restore it from a backup")
        if path.stat().st_mode & 0o077:
            raise StoreError(str(path), "can be read by others", f"chmod 600 {path}")
        return key

    def _no_key(self) -> StoreError:
        return StoreError(
            str(self._folder / "key"),
            "is missing, so it is not known which vehicles were erased",
            "Copy it from the data folder of before, or from the newest backup",
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                str(error.filename or self._folder),
                f"cannot be read or written: {error.strerror or error}",
                "Fix its permissions or the disk; no event is stored until then",
            ) from error


def _is_video(stream_id: str) -> bool:
    """Whether a session is that of a file, named by its content; those of live cameras are named by their beginning."""
    return bool(stream_id) and not stream_id.isdecimal()


def _plates_in(event: Event) -> list[str]:
    """The plates that an event may name."""
    if isinstance(event, PlateReadEvent):
        return list(dict.fromkeys([event.plate_key, plate_key(event.plate)]))
    if not isinstance(event, AlertEvent | HealthEvent):
        return []
    text = f"{event.subject} {event.detail}" if isinstance(event, AlertEvent) else event.detail
    words = _TOKEN.findall(text)
    # A plate may be written in parts: ABC-1234, abc 1c34, the ASK - 1234, A B C 1 D 23.
    joined = (text for first in range(len(words)) for text in accumulate(words[first : first + _LONGEST_IN_TEXT]))
    return list(dict.fromkeys(text for text in joined if SHORTEST_IN_TEXT <= len(text) <= _LONGEST_IN_TEXT))
