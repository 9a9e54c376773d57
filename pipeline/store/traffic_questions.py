"""Questions about traffic: tracks per camera, crossings of lines, occupancy of zones."""

from __future__ import annotations

import msgspec

from pipeline.domain.times import HOUR_MS, UtcOffset
from pipeline.store.questions import PagedQuestion


class TrafficCount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of tracks of a class that began at a camera in the interval from `start_ms` (1970 UTC) on."""

    start_ms: int
    camera_id: str
    label: str
    count: int


class TrafficSpeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Speeds of a class at a camera in the interval from `start_ms` (milliseconds since 1970 UTC) on.

    Attributes:
        tracks: number of tracks that ended in that time.
        unit: ``m/s`` for tracks of a calibrated camera, else ``px/s``; never both in one row.
        mean, median, p85: of the tracks' speeds; the last is the traffic engineer's V85, which 85 % stay below.
    """

    start_ms: int
    camera_id: str
    label: str
    tracks: int
    unit: str
    mean: float
    median: float
    p85: float


class LineFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Traffic across a line in the interval from `start_ms` (milliseconds since 1970 UTC) on.

    Attributes:
        camera_id, line: where; direction, label: "" for both directions and all classes together.
        count: crossings; seen: share of the interval in which the camera saw, 0 to 1, None where that is not known.
        speeds: crossings with a known speed; mean_m_s, p85_m_s: of them, to 1 km/h; None where there are none.
        headway_s: mean time between road users of any class in one direction, of those counted; None where unknown.
        areas: version of the camera's traffic areas; figures of two versions are in two rows.
    """

    start_ms: int
    camera_id: str
    line: str
    direction: str
    label: str
    count: int
    speeds: int
    mean_m_s: float | None
    p85_m_s: float | None
    headway_s: float | None
    seen: float | None
    areas: str


class ZoneFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Occupancy of a zone in the interval from `start_ms` (milliseconds since 1970 UTC) on.

    Attributes:
        camera_id, zone: where; label: "" for all classes together.
        occupancy: mean number of road users while the camera saw; occupancy_max: largest number in any minute, of all
            classes together at most.
        queue, queue_max: the same of those that stood.
        density_m2: occupancy per square meter; density_km: per kilometer of lane; None without a ground calibration.
        level: level of service, A to F, of all classes together; "" where it has none, see docs/reference/traffic.md.
        seen, areas: as in `LineFigure`.
    """

    start_ms: int
    camera_id: str
    zone: str
    label: str
    occupancy: float
    occupancy_max: int
    queue: float
    queue_max: int
    density_m2: float | None
    density_km: float | None
    level: str
    seen: float | None
    areas: str


class Traffic(PagedQuestion[list[TrafficCount]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tracks that began, per camera, class and interval, newest first.

    Attributes:
        every_ms: length of an interval: a day, or minutes or hours that divide one.
        utc_offsets: of the zone whose hours and days are meant, see `pipeline.domain.times.utc_offsets`; () for UTC.
    """

    every_ms: int = HOUR_MS
    utc_offsets: tuple[UtcOffset, ...] = ()


class Speeds(PagedQuestion[list[TrafficSpeed]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Speeds per camera, class and interval (when the track ended), newest first; fields as in `Traffic`."""

    every_ms: int = HOUR_MS
    utc_offsets: tuple[UtcOffset, ...] = ()


class LineFigures(PagedQuestion[list[LineFigure]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Traffic across lines, per camera, line and interval, newest first; fields as in `Traffic`.

    Attributes:
        by_direction, by_class: whether directions and classes are apart.
    """

    every_ms: int = HOUR_MS
    utc_offsets: tuple[UtcOffset, ...] = ()
    by_direction: bool = True
    by_class: bool = True


class ZoneFigures(PagedQuestion[list[ZoneFigure]], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Occupancy of zones, per camera, zone and interval, newest first; fields as in `LineFigures`."""

    every_ms: int = HOUR_MS
    utc_offsets: tuple[UtcOffset, ...] = ()
    by_class: bool = True
