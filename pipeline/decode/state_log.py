"""Log of one source's states that a dead or unsteady camera cannot flood."""

from __future__ import annotations

from typing import Any, Final

import structlog

from pipeline.domain.ports import SourceState

_S = SourceState
_PROBLEMS: Final = frozenset({_S.STALLED, _S.BACKING_OFF, _S.FAILED})
_FINAL: Final = frozenset({_S.ENDED, _S.FAILED})
_BURST: Final = 6
"""Lines that are written at once: three attempts to connect, or an outage and its end."""
_HOUR_S: Final = 3600.0

_log = structlog.get_logger("pipeline.decode.source_monitor")


class StateLog:
    """Writes the first changes of state at once; then one line an hour about outages and one about their ends.

    A camera that is dead for a night changes its state twice every two seconds. The lines that are left out are counted
    in the next one (`suppressed`). After an hour without any change the first ones are written at once again.

    Args:
        camera_id: in every line.
    """

    def __init__(self, camera_id: str) -> None:
        self._log = _log.bind(camera=camera_id)
        self._in_a_row = 0
        self._suppressed = 0
        self._changed_s = float("-inf")
        self._written_s: dict[bool, float] = {}
        self._warned: set[str] = set()

    def change(self, state: SourceState, was: SourceState, detail: str, now_s: float, **facts: object) -> None:
        """A change of state.

        Args:
            state: the new one; was: the one before.
            detail: why.
            now_s: seconds of a monotonic clock.
            facts: more details.
        """
        if now_s - self._changed_s >= _HOUR_S:
            self._in_a_row = 0
        self._changed_s = now_s
        works = state is _S.STREAMING
        waited_s = now_s - self._written_s.get(works, float("-inf"))
        if state not in _FINAL and self._in_a_row >= _BURST and waited_s < _HOUR_S:
            self._suppressed += 1
            return
        if self._suppressed:
            facts["suppressed"] = self._suppressed
        self._in_a_row += 1
        self._suppressed = 0
        self._written_s[works] = now_s
        write = self._log.warning if state in _PROBLEMS else self._log.info
        write("source_state", state=state.value, was=was.value, detail=detail, **facts)

    def warn_once(self, event: str, **facts: Any) -> None:
        """A warning that would be the same at every connection."""
        if event not in self._warned:
            self._warned.add(event)
            self._log.warning(event, **facts)
