"""Times that must stay: ordered by a court, asked for by police, or part of a crisis (decree 18.743/2014 art. 8)."""

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

from pipeline.errors import RecordError
from pipeline.record.file_layout import HOLDS, append_line, camera_folders, locked

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Hold:
    """A span of one camera that the ring does not touch.

    Attributes:
        hold_id: names it.
        camera_id: the camera.
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is not part of it.
        reason, by: why, and who said so.
        at_ms: when it was placed.
    """

    hold_id: str
    camera_id: str
    begin_ms: int
    end_ms: int
    reason: str
    by: str
    at_ms: int

    def covers(self, camera_id: str, begin_ms: int, end_ms: int) -> bool:
        """Whether any of that span is held."""
        return camera_id == self.camera_id and begin_ms < self.end_ms and end_ms > self.begin_ms


class Holds:
    """The holds of a folder: a file of lines that only grows, so it also says who held and freed what.

    Args:
        folder: of all cameras.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / HOLDS

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While this lasts no hold is placed or freed, and nothing is removed.

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
        """Those in force, in the order placed.

        Raises:
            RecordError: the file cannot be read or is damaged: nobody can tell what must stay.
        """
        try:
            *lines, last = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RecordError(str(self._path), f"cannot be read ({error.strerror})", "Check rights and disk") from error
        if last.endswith(b"}"):  # whole, but an editor took its end; else a line that was never finished
            lines.append(last)
        found: dict[str, Hold] = {}
        for number, line in enumerate(lines, 1):
            try:
                entry: Any = json.loads(line)
                if "freed" in entry:
                    found.pop(str(entry["freed"]), None)
                else:
                    hold = Hold(**entry)
                    found[hold.hold_id] = hold
            except (ValueError, TypeError) as error:
                raise RecordError(
                    f"{self._path}, line {number}",
                    "is damaged, so nobody can tell what must stay; nothing is removed until it is mended",
                    "Mend the line, or place the hold anew and delete it",
                ) from error
        return list(found.values())

    def hold(self, camera_id: str, begin_ms: int, end_ms: int, reason: str, by: str) -> str:
        """Keep a span; its id. It is on the disk when this returns.

        Raises:
            RecordError: unknown camera, an empty span, no reason, nobody's name; or the disk failed.
        """
        _check_said(reason=reason, by=by)
        known = [path.name for path in camera_folders(self._folder)]
        if camera_id not in known:
            raise unknown_camera(camera_id, known)
        if end_ms <= begin_ms:
            raise RecordError("hold", "ends before it begins", "Swap the two times")
        hold = Hold(uuid.uuid4().hex[:12], camera_id, begin_ms, end_ms, reason, by, _now_ms())
        with self.locked():
            append_line(self._path, json.dumps(asdict(hold), ensure_ascii=False).encode())
        _log.info("hold_placed", **asdict(hold))
        return hold.hold_id

    def release(self, hold_id: str, by: str) -> Hold:
        """Let go of a hold; which one it was. What is due goes at the ring's next round.

        Raises:
            RecordError: no such hold, nobody's name, or the disk failed.
        """
        _check_said(by=by)
        with self.locked():
            held = {hold.hold_id: hold for hold in self.all()}
            if hold_id not in held:
                raise RecordError(f"hold {hold_id}", "is not in force", f"In force: {', '.join(held) or 'none'}")
            append_line(
                self._path, json.dumps({"freed": hold_id, "by": by, "at_ms": _now_ms()}, ensure_ascii=False).encode()
            )
        _log.info("hold_freed", hold_id=hold_id, by=by)
        return held[hold_id]


def unknown_camera(camera_id: str, known: list[str]) -> RecordError:
    """Nothing was ever recorded of that camera."""
    return RecordError(
        f"camera {camera_id}", "has no recorded video", f"Recorded are: {', '.join(known) or 'no cameras at all'}"
    )


def _check_said(**said: str) -> None:
    for name, text in said.items():
        if not text.strip():
            raise RecordError(f"hold: {name}", "is empty", "Say who holds it, and why")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
