"""Health of a run: the body of ``/health``, from the states of cameras and sinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.domain.ports import SinkStatus, SourceState, SourceStatus

_HEALTHY: Final = frozenset({SourceState.STREAMING, SourceState.CONNECTING, SourceState.ENDED})
_DELIVERING: Final = frozenset(
    {
        SourceState.STREAMING,
        SourceState.OVERLOADED,
        SourceState.LOW_RATE,
        SourceState.UNUSABLE,
        SourceState.VIEW_UNCONFIRMED,
    }
)
_NOT_GOING: Final = frozenset({SourceState.ENDED, SourceState.NOT_PERMITTED})
_LOST_AFTER_S: Final = 10.0
"""A camera that connects again within this time was not lost; nor is one that connects for the first time."""


def run_health(
    sources: Mapping[str, SourceStatus], sinks: Sequence[SinkStatus], advice: str, *, now_s: float, began_s: float
) -> dict[str, Any]:
    """The body of ``/health``.

    ``status`` is ``ok``; ``degraded`` if a camera or a sink is unhealthy or the machine is overloaded; ``failing`` if
    no camera delivers video any more: every one that has not ended, and may run, is lost for 10 seconds or failed
    permanently.

    Args:
        sources: cameras by id; sinks: all of them.
        advice: what helps against an overload; "" while there is none.
        now_s: monotonic seconds, as in `SourceStatus.last_frame_s`; began_s: the run's begin.
    """
    states = Counter(status.state.value for status in sources.values())
    unhealthy_cameras = sorted(camera for camera, status in sources.items() if status.state not in _HEALTHY)
    lost = [camera for camera, status in sources.items() if _is_lost(status, now_s, began_s)]
    unhealthy_sinks = sorted(sink.name for sink in sinks if sink.error)
    status = "degraded" if unhealthy_cameras or unhealthy_sinks or advice or lost else "ok"
    going = [status for status in sources.values() if status.state not in _NOT_GOING]
    if going and len(lost) == len(going):
        status = "failing"
    return {
        "status": status,
        "cameras": dict(sorted(states.items())),
        "unhealthy_cameras": sorted({*unhealthy_cameras, *lost}),
        "overloaded_cameras": sorted(c for c, status in sources.items() if status.state is SourceState.OVERLOADED),
        "low_rate_cameras": sorted(c for c, status in sources.items() if status.state is SourceState.LOW_RATE),
        "not_permitted_cameras": sorted(c for c, one in sources.items() if one.state is SourceState.NOT_PERMITTED),
        "moved_cameras": sorted(c for c, status in sources.items() if status.state is SourceState.VIEW_UNCONFIRMED),
        "unusable_cameras": sorted(c for c, status in sources.items() if status.state is SourceState.UNUSABLE),
        "advice": advice,
        "unhealthy_sinks": unhealthy_sinks,
        "events_pending": sum(sink.pending for sink in sinks),
    }


def _is_lost(status: SourceStatus, now_s: float, began_s: float) -> bool:
    if status.state is SourceState.FAILED:
        return True
    if status.state in _DELIVERING or status.state in _NOT_GOING:
        return False
    since_s = began_s if status.last_frame_s is None else max(began_s, status.last_frame_s)
    return now_s - since_s >= _LOST_AFTER_S
