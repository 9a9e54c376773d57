"""Status snapshots of queues and of per-camera analysis, as reported by the engine to metrics and displays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import SinkStatus, SourceStatus


@dataclass(frozen=True, slots=True)
class QueueSnapshot:
    """A bounded queue between two threads.

    Attributes:
        depth: items in it now; capacity: maximum number of items.
        drops: items dropped so far, by reason.
    """

    depth: int
    capacity: int
    drops: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CameraActivity:
    """Analysis of the frames that a camera delivered.

    Attributes:
        analyzed: frames that the detector got so far.
        lag_s: seconds from decoding the newest analyzed frame to the end of its analysis.
        drops: frames dropped after the source so far, by reason.
        events: events dispatched so far.
        last_event: short text of the newest event, such as ``car`` or a plate; for the terminal only, never a metric.
        skipped: frames in which adaptive analysis expected nothing new.
        decisions: frames analyzed or skipped so far, by reason, see `pipeline.domain.frame_decision`.
    """

    analyzed: int = 0
    lag_s: float = 0.0
    drops: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    last_event: str = ""
    skipped: int = 0
    decisions: Mapping[str, int] = field(default_factory=dict)


Sources: TypeAlias = Callable[[], Mapping[str, SourceStatus]]
"""Returns the current statuses of all sources by camera id; safe from any thread."""
Sinks: TypeAlias = Callable[[], Sequence[SinkStatus]]
"""Returns the current statuses of all sinks; safe from any thread."""
Queues: TypeAlias = Callable[[], Mapping[str, QueueSnapshot]]
"""Returns the current queues by name; safe from any thread."""
Activities: TypeAlias = Callable[[], Mapping[str, CameraActivity]]
"""Returns the current activities by camera id; safe from any thread."""
Networks: TypeAlias = Callable[[], Sequence[NetworkIdentity]]
"""Returns the networks at work; safe from any thread."""
