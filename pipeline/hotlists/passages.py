"""Passages of listed vehicles at cameras, so that each is alerted once."""

from __future__ import annotations

from typing import Final

_MOST: Final = 10_000
"""Passages that are remembered; the oldest are forgotten first."""


class Passages:
    """Passages of all cameras of a run.

    Args:
        gap_ms: time without a read after which a vehicle at the same camera is a new passage.
    """

    def __init__(self, gap_ms: int) -> None:
        self._gap_ms = gap_ms
        self._last_ms: dict[tuple[str, int], int] = {}

    def is_known(self, camera_id: str, entry_id: int, ts_ms: int) -> bool:
        """Whether a read belongs to a passage that was alerted; it then goes on until now.

        Args:
            camera_id, entry_id: camera and entry; ts_ms: time of the read, also before that of the last one.
        """
        last_ms = self._last_ms.get((camera_id, entry_id))
        if last_ms is None or abs(ts_ms - last_ms) > self._gap_ms:
            return False
        self._note(camera_id, entry_id, max(last_ms, ts_ms))
        return True

    def begin(self, camera_id: str, entry_id: int, ts_ms: int) -> None:
        """A passage that is alerted."""
        self._note(camera_id, entry_id, ts_ms)

    def _note(self, camera_id: str, entry_id: int, ts_ms: int) -> None:
        self._last_ms.pop((camera_id, entry_id), None)
        self._last_ms[camera_id, entry_id] = ts_ms
        if len(self._last_ms) > _MOST:
            del self._last_ms[next(iter(self._last_ms))]
