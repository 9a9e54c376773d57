"""A timeline of recorded video as a drawing: segments, gaps and holds as bars, alerts as points, the wanted moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pipeline.app.recorded_view import CameraRecording

WIDTH: Final = 960
"""Of the drawing, in its own units."""
_TICKS: Final = 6


class _Span(Protocol):
    @property
    def begin_ms(self) -> int: ...

    @property
    def end_ms(self) -> int: ...


Bar = tuple[int, int]
"""x and width."""


@dataclass(frozen=True, slots=True)
class RecordingTimeline:
    """A drawing.

    Attributes:
        video, gaps, holds: bars; alerts: x of each; wanted: x of the moment that was asked for.
        ticks: x and time of each, milliseconds since 1970 UTC.
    """

    video: tuple[Bar, ...]
    gaps: tuple[Bar, ...]
    holds: tuple[Bar, ...]
    alerts: tuple[int, ...]
    wanted: int
    ticks: tuple[tuple[int, int], ...]


def recording_timeline(
    found: CameraRecording, alerts: Sequence[int], begin_ms: int, end_ms: int, at_ms: int
) -> RecordingTimeline:
    """The drawing of a camera's recording in a span.

    Args:
        found: of that span; alerts: times; begin_ms, end_ms: the span; at_ms: the moment that was asked for.
    """

    def x(moment_ms: int) -> int:
        return round(WIDTH * (min(max(moment_ms, begin_ms), end_ms) - begin_ms) / (end_ms - begin_ms))

    def bars(spans: Iterable[_Span]) -> tuple[Bar, ...]:
        within = [one for one in spans if one.begin_ms < end_ms and one.end_ms > begin_ms]
        return tuple((x(one.begin_ms), max(1, x(one.end_ms) - x(one.begin_ms))) for one in within)

    step = (end_ms - begin_ms) // _TICKS
    return RecordingTimeline(
        video=bars(found.segments),
        gaps=bars(found.gaps),
        holds=bars(found.holds),
        alerts=tuple(x(one) for one in alerts),
        wanted=x(at_ms),
        ticks=tuple((x(at), at) for at in range(begin_ms, end_ms + 1, step)),
    )
