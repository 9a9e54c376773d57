"""Feedback of closed incidents on the rules that reported them: factors of thresholds and of grouping.

Nothing is stored of it beside the closings: the same ones always give the same factors, and one that is undone gives
none. A factor changes by small steps, is never below 1, has an upper bound, and is forgotten after 90 days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from pipeline.domain.incident import CloseReason
from pipeline.domain.times import DAY_MS

FEEDBACK_MS: Final = 90 * DAY_MS
"""A closing counts for so long: views, roads and seasons change."""
_FALSE: Final = 1.15
_TRUE: Final = 1 / 1.05
_HIGHEST: Final = 2.0
_DUPLICATE: Final = 1.5
_LONGEST: Final = 4.0


class Closing(NamedTuple):
    """An incident that a person closed.

    Attributes:
        incident, camera_id, rule: of it; reason: of closing.
        by, at_ms: who closed it, and when.
        undone: its feedback does not count.
    """

    incident: str
    camera_id: str
    rule: str
    reason: CloseReason
    by: str
    at_ms: int
    undone: bool = False


class Tuning(NamedTuple):
    """What follows for one rule at one camera.

    Attributes:
        threshold: factor of its threshold, away from reporting, 1 to 2.
        grouping: factor of the time within which conditions are one incident, 1 to 4.
    """

    threshold: float = 1.0
    grouping: float = 1.0


class Feedback(NamedTuple):
    """A closing and what it changed.

    Attributes:
        closing: the closing; before, after: the rule at the camera.
    """

    closing: Closing
    before: Tuning
    after: Tuning


Tunings: TypeAlias = Mapping[tuple[str, str], Tuning]
"""By camera and rule."""


def feedback(closings: Iterable[Closing], now_ms: int) -> list[Feedback]:
    """What each closing changed, oldest first; those that are too old or undone change nothing, and are left out.

    Args:
        closings: of any time; now_ms: milliseconds since 1970 UTC.
    """
    found: list[Feedback] = []
    present: dict[tuple[str, str], Tuning] = {}
    counted = (one for one in closings if not one.undone and now_ms - one.at_ms < FEEDBACK_MS)
    for one in sorted(counted, key=lambda one: (one.at_ms, one.incident)):
        key = one.camera_id, one.rule
        before = present.get(key, Tuning())
        after = present[key] = _after(before, one.reason)
        found.append(Feedback(one, before, after))
    return found


def tunings(closings: Iterable[Closing], now_ms: int) -> dict[tuple[str, str], Tuning]:
    """The factors that hold now, by camera and rule; arguments as of `feedback`."""
    return {(one.closing.camera_id, one.closing.rule): one.after for one in feedback(closings, now_ms)}


def _after(before: Tuning, reason: CloseReason) -> Tuning:
    match reason:
        case CloseReason.FALSE:
            return before._replace(threshold=min(before.threshold * _FALSE, _HIGHEST))
        case CloseReason.TRUE:
            return before._replace(threshold=max(before.threshold * _TRUE, 1.0))
        case CloseReason.DUPLICATE:
            return before._replace(grouping=min(before.grouping * _DUPLICATE, _LONGEST))
        case CloseReason.TEST:
            return before
