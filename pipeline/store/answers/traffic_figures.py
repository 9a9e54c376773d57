"""Figures of lines and zones per interval of a time zone, with the share of it in which the camera saw."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pipeline.domain.level_of_service import HEAVY_VEHICLE, lane_level, walkway_level
from pipeline.domain.speed_histogram import KM_H
from pipeline.store.answers.seen_time import seen_time
from pipeline.store.answers.sql_fragments import Page, Rows, in_range, where
from pipeline.store.answers.time_slots import TimeSlots
from pipeline.store.schema.tables import LINE_COUNTS, ZONE_STATES
from pipeline.store.traffic_questions import LineFigure, LineFigures, ZoneFigure, ZoneFigures

# Each event once, by groups, as in `pipeline.store.answers.traffic`. Speeds are added up by their km/h.
_LINES: Final = (
    "SELECT {slot} AS slot, camera AS camera_id, at_line AS line, {way} AS direction, {word} AS label, "
    "version AS areas, toInt64(sum(passed)) AS count, "
    "sumMap(speed_keys, speed_numbers) AS speeds, "
    "sum(headways * headway) AS headway_sum, toInt64(sum(headways)) AS headway_number FROM ("
    "SELECT camera, at_line, at_way, at_word, version, at_ms, passed, headway, "
    "if(headway < 0, 0, passed) AS headways, arrayFilter(text -> text != '', splitByChar(';', texts)) AS parts, "
    "arrayMap(text -> toUInt32(splitByChar(' ', text)[1]), parts) AS speed_keys, "
    "arrayMap(text -> toUInt64(splitByChar(' ', text)[2]), parts) AS speed_numbers FROM ("
    "SELECT camera_id AS camera, line AS at_line, direction AS at_way, label AS at_word, areas AS version, "
    "ts_ms AS at_ms, max(count) AS passed, argMax(speeds, count) AS texts, "
    "argMax(toFloat64(ifNull(headway_s, -1)), count) AS headway FROM line_counts {where}"
    "GROUP BY camera_id, line, direction, label, areas, ts_ms, stream_id, substring(toString(event_id), 33))"
    ") GROUP BY slot, camera_id, line, direction, label, areas "
    "ORDER BY slot DESC, camera_id, line, direction, label, areas LIMIT {offset:d}, {limit:d}"
)
_ZONES: Final = (
    "SELECT {slot} AS slot, camera AS camera_id, at_zone AS zone, class AS label, version AS areas, "
    "sum(present_s) AS present, toInt64(max(most)) AS occupancy_max, sum(standing_s) AS standing, "
    "toInt64(max(most_standing)) AS queue_max, sum(seen) AS seen_s, sum(square_s) AS square, sum(lane_s) AS lane, "
    "sum(cars_s) AS cars, sum(walkers_s) AS walkers, toInt64(max(has_square)) AS in_square, "
    "toInt64(max(has_lane)) AS in_lane FROM ("
    "SELECT camera, at_zone, {word} AS class, version, at_ms, sum(occupied * seen_one) AS present_s, "
    "sum(most_one) AS most, sum(stood * seen_one) AS standing_s, sum(most_stood) AS most_standing, "
    "max(seen_one) AS seen, sum(square_one * seen_one) AS square_s, sum(lane_one * seen_one) AS lane_s, "
    "sum(lane_one * seen_one * multiIf(at_word IN ('bus', 'truck'), {heavy}, "
    "at_word IN ('car', 'motorcycle'), 1, 0)) AS cars_s, "
    "sumIf(square_one * seen_one, at_word = 'person') AS walkers_s, max(squared) AS has_square, max(laned) AS has_lane "
    "FROM (SELECT camera_id AS camera, zone AS at_zone, label AS at_word, areas AS version, ts_ms AS at_ms, "
    "toFloat64(max(occupancy)) AS occupied, max(occupancy_max) AS most_one, toFloat64(max(queue)) AS stood, "
    "max(queue_max) AS most_stood, toFloat64(max(seen_s)) AS seen_one, "
    "toFloat64(max(ifNull(density_m2, 0))) AS square_one, toFloat64(max(ifNull(density_km, 0))) AS lane_one, "
    "max(isNotNull(density_m2)) AS squared, max(isNotNull(density_km)) AS laned FROM zone_states {where}"
    "GROUP BY camera_id, zone, label, areas, ts_ms, stream_id, substring(toString(event_id), 33)) "
    "GROUP BY camera, at_zone, class, version, at_ms"
    ") GROUP BY slot, camera_id, zone, label, areas "
    "ORDER BY slot DESC, camera_id, zone, label, areas LIMIT {offset:d}, {limit:d}"
)


def line_figures(rows: Rows, question: LineFigures) -> list[LineFigure]:
    """The answer to `LineFigures`.

    Raises:
        StoreError: a senseless interval, page or offset, or the database failed.
    """
    way, word = "at_way" if question.by_direction else "''", "at_word" if question.by_class else "''"
    found = _figures(rows, _LINES, LINE_COUNTS.name, question, way=way, word=word)
    return msgspec.convert([_line_row(row) for row in found], list[LineFigure])


def zone_figures(rows: Rows, question: ZoneFigures) -> list[ZoneFigure]:
    """The answer to `ZoneFigures`.

    Raises:
        StoreError: a senseless interval, page or offset, or the database failed.
    """
    word = "at_word" if question.by_class else "''"
    found = _figures(rows, _ZONES, ZONE_STATES.name, question, word=word)
    return msgspec.convert([_zone_row(row, question.by_class) for row in found], list[ZoneFigure])


def _figures(
    rows: Rows, template: str, table: str, question: LineFigures | ZoneFigures, **columns: str
) -> list[dict[str, Any]]:
    """Rows of a page with the beginning and length of their interval and the share that the camera saw."""
    page = Page.checked(question.limit, question.offset)
    conditions = where(in_range(question.start_ms, question.end_ms, question.camera_ids))
    slots = TimeSlots.checked(question.every_ms, question.utc_offsets).of_table(rows, table, conditions)
    if slots is None:
        return []
    values = {"slot": slots.sql(), "where": conditions, "heavy": HEAVY_VEHICLE, **columns}
    sql = template.format(offset=page.offset, limit=page.limit, **values)
    found = [{**row, "end_ms": slots.end_ms(int(row["slot"]))} for row in rows(sql)]
    found = [slots.dated(row) for row in found]
    if not found:
        return []
    extent = min(row["start_ms"] for row in found), max(row["end_ms"] for row in found)
    times = seen_time(rows, {row["camera_id"] for row in found}, *extent)
    for row in found:
        row["length_s"] = (row["end_ms"] - row["start_ms"]) / 1000
        row["seen"] = times.share(row["camera_id"], row["start_ms"], row.pop("end_ms"))
    return found


def _line_row(row: dict[str, Any]) -> dict[str, Any]:
    keys, numbers = ([int(value) for value in part] for part in row.pop("speeds"))
    speeds = sorted(zip(keys, numbers, strict=True))
    number = sum(numbers)
    headways, headway_sum = row.pop("headway_number"), row.pop("headway_sum")
    del row["length_s"]
    return {
        **row,
        "speeds": number,
        "mean_m_s": round(sum(km_h * each for km_h, each in speeds) / number / KM_H, 2) if number else None,
        "p85_m_s": round(_at_share(speeds, 0.85 * number) / KM_H, 2) if number else None,
        "headway_s": round(headway_sum / headways, 2) if headways else None,
        "seen": _rounded_share(row["seen"]),
    }


def _at_share(speeds: list[tuple[int, int]], rank: float) -> int:
    """The speed of the road user at a rank, slowest first."""
    passed = 0
    for km_h, number in speeds:
        passed += number
        if passed > rank:
            return km_h
    return speeds[-1][0]


def _zone_row(row: dict[str, Any], by_class: bool) -> dict[str, Any]:
    """A row with means over the time in which the camera saw."""
    seen, length_s, seen_s = row.pop("seen"), row.pop("length_s"), row.pop("seen_s")
    # Minutes without any road user have no event: the camera saw them all the same.
    observed_s = max(seen_s, (seen or 0.0) * length_s) or 1.0
    square, lane, cars, walkers = (row.pop(name) / observed_s for name in ("square", "lane", "cars", "walkers"))
    in_square, in_lane = row.pop("in_square"), row.pop("in_lane")
    present, standing = row.pop("present") / observed_s, row.pop("standing") / observed_s
    level = ""
    if not by_class:
        level = lane_level(cars) if in_lane else walkway_level(walkers) if in_square and walkers else ""
    return {
        **row,
        "occupancy": round(present, 3),
        "queue": round(standing, 3),
        "density_m2": round(square, 5) if in_square else None,
        "density_km": round(lane, 3) if in_lane else None,
        "level": level,
        "seen": _rounded_share(seen),
    }


def _rounded_share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
