"""Limits of exempted regions: small, of limited time, and for things only.

An exemption is for one thing that a detector takes for a person, a face or a plate, such as a statue. It must not
become a switch that releases the original (decree 18.743/2014 art. 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from pipeline.errors import PolicyError

MAX_SHARE: Final = 0.1
"""Of the image, for all regions of one disclosure together, whenever they apply."""
MAX_S: Final = 3600.0
"""Longest span of one region, in seconds."""
MIN_S: Final = 10.0
"""Shortest one: in less a person who waits stands as still as a thing."""

Box = tuple[float, float, float, float]


def check_exemptions(subject: str, regions: Sequence[Mapping[str, Any]]) -> float:
    """Check all exempted regions of one disclosure, confirmed or not.

    Args:
        subject: for errors.
        regions: with ``from``, ``to`` (seconds) and ``box`` (left, top, right, lower edge, shares of the image).

    Returns:
        Their share of the image, 0 to `MAX_SHARE`.

    Raises:
        PolicyError: one has no end or lasts too long or too short, or together they are too large.
    """
    for region in regions:
        begin_s, end_s = float(region.get("from", 0.0)), float(region.get("to", float("inf")))
        if end_s - begin_s > MAX_S:
            raise PolicyError(
                subject,
                f"exempts a region from {begin_s:g} s on without an end within {MAX_S:g} s",
                "Write `to`, the second in which the thing is last seen",
                policy="exemption-extent",
            )
        if end_s - begin_s < MIN_S:
            raise PolicyError(
                subject,
                f"exempts a region for {end_s - begin_s:g} s, and a thing has to stand still for at least {MIN_S:g} s",
                "Write `from` and `to`, the seconds in which the thing is first and last seen",
                policy="exemption-extent",
            )
    share = union_share([_box(subject, region) for region in regions])
    if share > MAX_SHARE:
        raise PolicyError(
            subject,
            f"would exempt {100 * share:.0f}% of the image from redaction, and at most {100 * MAX_SHARE:.0f}% may be",
            "Draw each region no larger than the thing; the original itself is never released",
            policy="exemption-extent",
        )
    return share


def union_share(boxes: Sequence[Box]) -> float:
    """Area of the union of boxes within the unit square."""
    xs = sorted({min(max(edge, 0.0), 1.0) for box in boxes for edge in (box[0], box[2])})
    return sum((right - left) * _union_height(boxes, left, right) for left, right in pairwise(xs))


def _union_height(boxes: Sequence[Box], left: float, right: float) -> float:
    """Height of the union within one column between neighboring edges."""
    spans = sorted(
        (max(box[1], 0.0), min(box[3], 1.0)) for box in boxes if box[0] <= left and box[2] >= right and box[3] > box[1]
    )
    height, reached = 0.0, 0.0
    for top, bottom in spans:
        height += max(0.0, bottom - max(top, reached))
        reached = max(reached, bottom)
    return height


def _box(subject: str, region: Mapping[str, Any]) -> Box:
    try:
        x1, y1, x2, y2 = (float(value) for value in region["box"])
    except (KeyError, TypeError, ValueError):
        raise PolicyError(
            subject,
            "has an exempted region without a box",
            "Write box: [left, top, right, lower edge]",
            policy="exemption-box",
        ) from None
    return x1, y1, x2, y2
