"""Possible clones and convoys with listed vehicles, on plate reads of live cameras."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.alerting.plates.vehicle_rules import VehicleRules
from pipeline.alerting.settings import AlertSettings
from pipeline.domain.alert_figures import Figure, decode_figures
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertEvent, PlateReadEvent, encode
from pipeline.domain.plate import plate_key
from pipeline.domain.route import GeoPoint
from tests.event_samples import plate_read
from tests.hotlists.entries import index_of
from tests.hotlists.test_list_watch import Lists, voted, watch

PLACES = {
    "norte": GeoPoint(-20.30, -40.30),
    "sul": GeoPoint(-20.39, -40.30),
    "leste": GeoPoint(-20.35, -40.25),
    "nowhere": None,
}


def rules(**settings: Any) -> VehicleRules:
    found = VehicleRules()
    for camera_id, place in PLACES.items():
        found.watch(camera_id, place, AlertSettings(**settings))
    return found


def read(plate: str, camera_id: str, at_s: float, track_id: int = 3, **values: Any) -> PlateReadEvent:
    ts_ms = round(at_s * 1000)
    facts = {"confidence": 0.95, "votes": 8, "stream_id": "1", "track_id": track_id, "first_ts_ms": ts_ms - 1000}
    facts |= {"camera_id": camera_id, "ts_ms": ts_ms, "plate": plate, "plate_key": plate_key(plate)} | values
    return identified(msgspec.structs.replace(plate_read(1), **facts))


def hit(camera_id: str, at_s: float) -> AlertEvent:
    (found,) = watch(Lists(index_of(["XYZ9Z99"])), camera_id=camera_id).check(voted("XYZ9Z99", round(at_s * 1000)))
    assert isinstance(found, AlertEvent)
    return found


def test_one_plate_at_two_places_faster_than_a_vehicle_is_a_possible_clone() -> None:
    watched = rules()
    first, second = read("ABC1D23", "norte", 1000), read("ABC1D23", "sul", 1060)
    assert watched.observe([first]) == []
    (alert,) = watched.observe([second])
    assert (alert.rule, alert.phase, alert.camera_id, alert.subject) == ("possible-clone", "begun", "sul", "norte")
    assert alert.evidence == f"{first.event_id} {second.event_id}"
    assert decode_figures(alert.figures) == {Figure.KILOMETERS: 10.0, Figure.SPEED_KM_H: 600}
    assert alert_sentence(alert).endswith(": 10 km at 600 km/h, from norte")
    assert b"ABC1D23" not in encode(alert)
    (again,) = watched.observe([read("ABC1D23", "norte", 1120)])
    assert (again.incident, again.phase) == (alert.incident, "updated")


def test_a_converted_plate_is_the_same_one_and_reads_may_arrive_in_any_order() -> None:
    watched = rules()
    assert watched.observe([read("ABC1D23", "sul", 1060)]) == []
    assert len(watched.observe([read("ABC1323", "norte", 1000)])) == 1


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (read("ABC1D23", "sul", 1000 + 300), "10 km in five minutes"),
        (read("ABC1D24", "sul", 1060), "another plate"),
        (read("ABC1D23", "norte", 1001), "the same place"),
        (read("ABC1D23", "nowhere", 1060), "no coordinates"),
        (read("ABC1D23", "unknown", 1060), "not watched"),
        (read("ABC1D23", "sul", 1060, confidence=0.7), "a read that is not sure"),
        (read("ABC1D23", "sul", 1060, votes=2), "a read of two crops"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_vehicle_can_do_is_no_clone(second: PlateReadEvent, why: str) -> None:
    watched = rules()
    assert watched.observe([read("ABC1D23", "norte", 1000), second]) == [], why


def test_clones_do_not_flood_and_end() -> None:
    watched = rules(most_per_hour=5)
    found = []
    for number in range(20):
        plate = f"ABC1D{number:02d}"
        found += watched.observe([read(plate, "norte", 1000 + number), read(plate, "sul", 1001 + number)])
    assert len({one.incident for one in found}) == 5
    assert [one.phase for one in watched.due(3_600_000 * 2)] == ["ended"] * 5
    assert watched.due(3_600_000 * 3) == []


def meetings(plate: str, times: dict[str, float], beside_s: float = 4) -> list[Any]:
    return [one for camera, at_s in times.items() for one in (hit(camera, at_s), read(plate, camera, at_s + beside_s))]


ROUTE = {"norte": 1000.0, "leste": 1400.0, "sul": 1700.0}


@pytest.mark.parametrize("backwards", [False, True], ids=["hit first", "read first"])
def test_a_vehicle_beside_a_listed_one_at_three_cameras_is_a_convoy(backwards: bool) -> None:
    watched = rules()
    pairs = meetings("ABC1D23", ROUTE)
    if backwards:
        pairs = [one for at in range(0, len(pairs), 2) for one in (pairs[at + 1], pairs[at])]
    (alert,) = watched.observe(pairs)
    assert (alert.rule, alert.camera_id) == ("watched-convoy", "sul")
    assert decode_figures(alert.figures) == {Figure.ENTRY: 1, Figure.MEETINGS: 3}
    reads = [one for one in pairs if isinstance(one, PlateReadEvent)]
    assert alert.evidence.split() == [str(one.event_id) for one in reads]
    assert alert_sentence(alert) == "A vehicle travels with one that is watched: together at 3 cameras; list entry 1"
    assert b"ABC1D23" not in encode(alert)


@pytest.mark.parametrize(
    ("events", "why"),
    [
        (meetings("ABC1D23", {"norte": 1000, "leste": 1100, "sul": 1200}), "one platoon"),
        (meetings("ABC1D23", ROUTE, beside_s=20), "too far behind"),
        (meetings("ABC1D23", {"norte": 1000, "leste": 1700}), "two cameras"),
        (meetings("ABC1D23", {"norte": 1000, "leste": 1400, "sul": 1000 + 7 * 3600}), "hours apart"),
        (
            [
                one
                for camera, at_s in ROUTE.items()
                for one in (hit(camera, at_s), read("XYZ9Z99", camera, at_s, 7, stream_id="12"))
            ],
            "itself",
        ),
        ([read("ABC1D23", camera, at_s) for camera, at_s in ROUTE.items()], "no listed vehicle"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_convoy(events: list[Any], why: str) -> None:
    assert rules(off=["possible-clone"]).observe(events) == [], why


def test_rules_can_be_switched_off_and_cameras_leave() -> None:
    off = rules(off=["possible-clone", "watched-convoy"])
    assert (
        off.observe([read("ABC1D23", "norte", 1000), read("ABC1D23", "sul", 1060), *meetings("ABC1D24", ROUTE)]) == []
    )
    watched = rules()
    watched.observe([read("ABC1D23", "norte", 1000)])
    watched.forget("norte")
    assert watched.observe([read("ABC1D23", "sul", 1060)]) == []


def test_what_is_remembered_is_bounded_in_time() -> None:
    watched = rules()
    watched.observe([*meetings("ABC1D23", {"norte": 1000}), read("ABC1D25", "norte", 1000 + 7 * 3600)])
    watched.observe(meetings("ABC1D26", {"norte": 1000 + 7 * 3600.0}))
    clone, convoy = watched._rules
    assert list(clone._last) == [plate_key("ABC1D25"), plate_key("ABC1D26")]  # type: ignore[attr-defined]
    assert [key for _, key in convoy._companions] == [plate_key("ABC1D25"), plate_key("ABC1D26")]  # type: ignore[attr-defined]
