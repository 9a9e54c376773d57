"""Options of `viapublica camera calibrate` as measures on the road."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from pipeline.domain.polygon import Corner
from pipeline.errors import ConfigError

__all__ = ["GroundOptions", "check_of", "measure_of", "place_of", "size_of"]

_SIZE: Final = re.compile(r"(\d{2,5})x(\d{2,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundOptions:
    """What was given on the command line; see the options of the same names."""

    corners: str | None = None
    rectangle: str | None = None
    distances: str | None = None
    left: str | None = None
    right: str | None = None
    lane_width: float | None = None
    from_tracks: bool = False
    along: str | None = None
    length: float | None = None
    field_of_view: float | None = None
    points: tuple[str, ...] = ()


def measure_of(options: GroundOptions) -> dict[str, Any] | None:
    """The measure of these options; None where there is none.

    Raises:
        ConfigError: options are missing, or belong to different measures.
    """
    ways = {
        "--corners": options.corners is not None,
        "--left": options.left is not None or options.right is not None,
        "--point": bool(options.points),
    }
    given = [way for way, there in ways.items() if there]
    if len(given) > 1:
        raise ConfigError(" and ".join(given), "are different measures", "Give one of them")
    if not given:
        return None
    made = {"--corners": _of_corners, "--left": _of_lane, "--point": _of_points}
    return made[given[0]](options)


def _of_points(options: GroundOptions) -> dict[str, Any]:
    names = ("x", "y", "x_m", "y_m")
    return {"points": [dict(zip(names, _numbers("--point", text, 4), strict=True)) for text in options.points]}


def _of_corners(options: GroundOptions) -> dict[str, Any]:
    corners = _places("--corners", options.corners or "", 4)
    if (options.rectangle is None) == (options.distances is None):
        raise ConfigError("--corners", "needs one of --rectangle and --distances", "Give what was measured")
    if options.rectangle is not None:
        width, length = _numbers("--rectangle", options.rectangle, 2)
        return {"kind": "rectangle", "corners": corners, "width_m": width, "length_m": length}
    distances = _numbers("--distances", options.distances or "", 5, 6)
    return {
        "kind": "distances",
        "corners": corners,
        **dict(zip(("ab", "bc", "cd", "da", "ac", "bd"), distances, strict=False)),
    }


def _of_lane(options: GroundOptions) -> dict[str, Any]:
    if options.left is None or options.right is None or options.lane_width is None:
        raise ConfigError("--left, --right, --lane-width", "belong together", "Give all three")
    values: dict[str, Any] = {
        "kind": "lane",
        "left": _places("--left", options.left, 1, 2),
        "right": _places("--right", options.right, 1, 2),
        "width_m": options.lane_width,
    }
    if options.from_tracks:
        values["vanishing"] = "tracks"
    if options.along is not None:
        values |= {"along": _places("--along", options.along, 2), "along_m": options.length}
    if options.field_of_view is not None:
        values["field_of_view_deg"] = options.field_of_view
    return values


def check_of(text: str) -> tuple[Corner, Corner, float]:
    """A check length: start, end and meters.

    Raises:
        ConfigError: it is none.
    """
    places, _, meters = text.strip().rpartition(" ")
    start, end = _places("--check", places, 2)
    return start, end, _numbers("--check", meters, 1)[0]


def place_of(option: str, text: str) -> Corner:
    """A place in the image.

    Raises:
        ConfigError: it is none.
    """
    return _places(option, text, 1)[0]


def size_of(text: str) -> tuple[int, int]:
    """Width and height of an image.

    Raises:
        ConfigError: it is no size.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ConfigError("--size", "is no size", "Write 1920x1080")
    return int(found[1]), int(found[2])


def _places(option: str, text: str, *counts: int) -> list[Corner]:
    places = [_numbers(option, part, 2) for part in text.split()]
    if len(places) not in counts:
        wanted = " or ".join(map(str, counts))
        raise ConfigError(option, f"has {len(places)} points, not {wanted}", "Write points as 0.25,0.8 0.5,0.8")
    return [(x, y) for x, y in places]


def _numbers(option: str, text: str, *counts: int) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in counts:
        wanted = " or ".join(map(str, counts))
        raise ConfigError(
            option, f"is not {wanted} numbers with commas between them", "Write 0.25,0.8; decimals have points"
        )
    return numbers
