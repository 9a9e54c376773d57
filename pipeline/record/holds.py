"""The file of holds: times of cameras to preserve on request or in a crisis (decree 18.743/2014 art. 8, 9 §1)."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from pipeline.domain.hold import Hold, HoldGrounds
from pipeline.domain.times import check_range
from pipeline.errors import RecordError
from pipeline.policy.sensitive.screen import TextKind, TextScreen, standard_screen
from pipeline.record.file_layout import HOLDS, camera_folders
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked

_log = structlog.get_logger(__name__)


def check_hold_texts(reason: str, by: str, screen: TextScreen, grounds: HoldGrounds | None = None) -> None:
    """Check the texts of a hold before it is placed.

    Raises:
        RecordError: reason or name is missing, or it expires before it begins.
        PolicyError: one says something sensitive about people.
    """
    if grounds is not None:
        screen.check("requester of the hold", grounds.requester, TextKind.BODY)
        screen.check("document of the hold", grounds.document, TextKind.REASON)
        if grounds.expires_ms is not None and grounds.expires_ms <= _now_ms():
            raise RecordError("hold: its end", "is not in the future", "Give a later end: --until")
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

    def all(self, now_ms: int | None = None) -> list[Hold]:
        """Holds in force, in the order placed.

        Args:
            now_ms: milliseconds since 1970 UTC, by which holds expire; None for the machine's clock.

        Raises:
            RecordError: the file cannot be read or is corrupt, so it is not known what must be preserved.
        """
        at_ms = _now_ms() if now_ms is None else now_ms
        return [hold for hold in self.unreleased() if not hold.has_expired(at_ms)]

    def close_expired(self, now_ms: int) -> list[Hold]:
        """Note the end of holds that have expired, each once; those. To be called while `locked`.

        Raises:
            RecordError: see `all`, or the disk failed.
        """
        expired = [hold for hold in self.unreleased() if hold.has_expired(now_ms)]
        for hold in expired:
            self._append({"released": hold.hold_id, "by": "", "at_ms": now_ms})
            _log.warning("hold_expired", **asdict(hold))
        return expired

    def _append(self, entry: dict[str, Any]) -> None:
        try:
            append_line(self._path, json.dumps(entry, ensure_ascii=False).encode())
        except OSError as error:
            raise RecordError(
                str(self._path), f"cannot be written ({error.strerror})", "Check rights and disk"
            ) from error

    def unreleased(self) -> list[Hold]:
        """Holds that no person has released, expired ones too; errors as of `all`."""
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
        self,
        camera_id: str,
        begin_ms: int,
        end_ms: int,
        reason: str,
        by: str,
        *,
        grounds: HoldGrounds | None = None,
        known: Collection[str] = (),
        screen: TextScreen | None = None,
    ) -> str:
        """Place a hold, on the disk when this returns; its id.

        Args:
            camera_id, begin_ms, end_ms, reason, by: see `Hold`.
            grounds: at whose request, and until when; None where neither is stated.
            known: cameras that exist, although nothing of them is recorded.
            screen: of texts, with the additions of a city; None without.

        Raises:
            RecordError: unknown camera, an empty time range, no reason or name; or the disk failed.
            PolicyError: reason or name says something sensitive about people.
        """
        check_hold_texts(reason, by, screen or standard_screen(), grounds)
        if camera_id not in known:
            self._check(camera_id, begin_ms, end_ms)
        check_range("hold", begin_ms, end_ms, RecordError)
        stated = grounds or HoldGrounds()
        hold = Hold(
            uuid.uuid4().hex[:12],
            camera_id,
            begin_ms,
            end_ms,
            reason,
            by,
            _now_ms(),
            stated.basis.value if stated.basis is not None else "",
            stated.requester.strip(),
            stated.document.strip(),
            stated.expires_ms,
        )
        with self.locked():
            self._append(asdict(hold))
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
            self._append({"released": hold_id, "by": by, "at_ms": _now_ms()})
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
