"""Holds on recorded video: times to preserve for a court, the police, or in a crisis (decree 18.743/2014 art. 8)."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from pipeline.domain.times import check_range
from pipeline.errors import RecordError
from pipeline.policy.sensitive.screen import TextKind, TextScreen, standard_screen
from pipeline.record.file_layout import HOLDS, camera_folders
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hold:
    """A time range of one camera that retention does not delete.

    Attributes:
        hold_id: of the hold.
        camera_id: the camera.
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is not part of it.
        reason, by: why, and the person responsible.
        at_ms: when it was placed.
    """

    hold_id: str
    camera_id: str
    begin_ms: int
    end_ms: int
    reason: str
    by: str
    at_ms: int

    def overlaps(self, camera_id: str, begin_ms: int, end_ms: int) -> bool:
        """Whether any of that time range is held."""
        return camera_id == self.camera_id and begin_ms < self.end_ms and end_ms > self.begin_ms

    def preserves(self, camera_id: str, begin_ms: int, end_ms: int) -> bool:
        """Whether it preserves a file of that time; a file without length has its first moment."""
        return self.overlaps(camera_id, begin_ms, max(end_ms, begin_ms + 1))


def check_hold_texts(reason: str, by: str, screen: TextScreen) -> None:
    """Check the texts of a hold before it is placed.

    Raises:
        RecordError: reason or name is missing.
        PolicyError: one says something sensitive about people.
    """
    _check_given(reason=reason, by=by)
    screen.check("reason of the hold", reason, TextKind.REASON)
    screen.check("person of the hold", by, TextKind.PERSON)


class Holds:
    """The holds of a folder: a file of lines that only grows, so it also records who placed and released each hold.

    Args:
        folder: of all cameras.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / HOLDS

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While this lasts no hold is placed or released, and nothing is deleted.

        Raises:
            RecordError: the folder may not be written to.
        """
        try:
            with locked(self._folder / ".holds.lock"):
                yield
        except OSError as error:
            raise RecordError(
                str(error.filename or self._folder), f"cannot be written ({error.strerror})", "Check rights and disk"
            ) from error

    def all(self) -> list[Hold]:
        """Holds in force, in the order placed.

        Raises:
            RecordError: the file cannot be read or is corrupt, so it is not known what must be preserved.
        """
        try:
            *lines, last = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RecordError(str(self._path), f"cannot be read ({error.strerror})", "Check rights and disk") from error
        if last.endswith(b"}"):  # complete, but an editor removed the line end; else an incomplete line
            lines.append(last)
        found: dict[str, Hold] = {}
        for number, line in enumerate(lines, 1):
            try:
                entry: Any = json.loads(line)
                if "released" in entry:
                    found.pop(str(entry["released"]), None)
                else:
                    hold = Hold(**entry)
                    found[hold.hold_id] = hold
            except (ValueError, TypeError) as error:
                raise RecordError(
                    f"{self._path}, line {number}",
                    "is corrupt, so it is not known what must be preserved; nothing is deleted until it is fixed",
                    "Fix the line, or delete it and place the hold again",
                ) from error
        return list(found.values())

    def hold(
        self, camera_id: str, begin_ms: int, end_ms: int, reason: str, by: str, *, screen: TextScreen | None = None
    ) -> str:
        """Place a hold, on the disk when this returns; its id.

        Args:
            camera_id, begin_ms, end_ms, reason, by: see `Hold`.
            screen: of texts, with the additions of a city; None without.

        Raises:
            RecordError: unknown camera, an empty time range, no reason or name; or the disk failed.
            PolicyError: reason or name says something sensitive about people.
        """
        check_hold_texts(reason, by, screen or standard_screen())
        self._check(camera_id, begin_ms, end_ms)
        hold = Hold(uuid.uuid4().hex[:12], camera_id, begin_ms, end_ms, reason, by, _now_ms())
        with self.locked():
            append_line(self._path, json.dumps(asdict(hold), ensure_ascii=False).encode())
        _log.info("hold_placed", **asdict(hold))
        return hold.hold_id

    def check(self, camera_id: str, begin_ms: int, end_ms: int) -> None:
        """Make sure that a hold can be placed.

        Raises:
            RecordError: unknown camera, an empty time range, or the folder may not be written to.
        """
        self._check(camera_id, begin_ms, end_ms)
        with self.locked():
            self.all()

    def _check(self, camera_id: str, begin_ms: int, end_ms: int) -> None:
        known = [path.name for path in camera_folders(self._folder)]
        if camera_id not in known:
            raise unknown_camera(camera_id, known)
        check_range("hold", begin_ms, end_ms, RecordError)

    def release(self, hold_id: str, by: str) -> Hold:
        """Release a hold, which is returned. What is due is deleted at the next retention run.

        Raises:
            RecordError: no such hold, no name, or the disk failed.
        """
        _check_given(by=by)
        standard_screen().check("person of the hold", by, TextKind.PERSON)
        with self.locked():
            held = {hold.hold_id: hold for hold in self.all()}
            if hold_id not in held:
                raise RecordError(f"hold {hold_id}", "is not in force", f"In force: {', '.join(held) or 'none'}")
            append_line(
                self._path, json.dumps({"released": hold_id, "by": by, "at_ms": _now_ms()}, ensure_ascii=False).encode()
            )
        _log.info("hold_released", hold_id=hold_id, by=by)
        return held[hold_id]


def unknown_camera(camera_id: str, known: list[str]) -> RecordError:
    """The error for a camera of which nothing was recorded."""
    return RecordError(
        f"camera {camera_id}", "has no recorded video", f"Recorded are: {', '.join(known) or 'no cameras at all'}"
    )


def _check_given(**given: str) -> None:
    for name, text in given.items():
        if not text.strip():
            raise RecordError(f"hold: {name}", "is empty", "Name the person responsible and the reason")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
