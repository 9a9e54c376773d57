"""What the engine tells this room besides the statuses of `pipeline.domain.ports`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.domain.ports import SinkStatus, SourceStatus


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """A bounded queue between two threads.

    Attributes:
        depth: items in it now; capacity: the most it holds.
        drops: items thrown away so far, by reason.
    """

    depth: int
    capacity: int
    drops: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CameraActivity:
    """What became of a camera's frames after the source.

    Attributes:
        analyzed: frames that went all the way so far.
        lag_s: from decoding the newest analyzed frame to the end of its analysis, seconds.
        drops: frames thrown away after the source so far, by reason.
        events: events that left so far.
        last_event: words for the newest event, such as ``car`` or a plate; for the terminal only, never a metric.
    """

    analyzed: int = 0
    lag_s: float = 0.0
    drops: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    last_event: str = ""


Sources: TypeAlias = Callable[[], Mapping[str, SourceStatus]]
"""Statuses of all sources by camera id, taken when called; safe from any thread."""
Sinks: TypeAlias = Callable[[], Sequence[SinkStatus]]
"""Statuses of all sinks, taken when called; safe from any thread."""
Queues: TypeAlias = Callable[[], Mapping[str, QueueSnapshot]]
"""Queues by name, taken when called; safe from any thread."""
Activities: TypeAlias = Callable[[], Mapping[str, CameraActivity]]
"""Activities by camera id, taken when called; safe from any thread."""
