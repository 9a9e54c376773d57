"""Traffic figures over HTTP: of the cameras that the person may ask about, by line, zone, direction and class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.domain.event_identity import identified
from tests.app.people.installations import Office
from tests.event_samples import line_count, track, zone_state
from tests.filled_store import fill_store
from tests.http_api.client import Client
from tests.http_api.persons import People
from tests.http_api.served_city import CEIC, GUARD

_HOUR_MS = 3_600_000
COUNTING: dict[str, Any] = {"purpose": "mobility"}


@pytest.fixture(scope="module")
def hour_ms(populated: Office) -> int:
    """The begin of an hour with two minutes of traffic at each camera."""
    begin_ms = populated.clock.now_ms // _HOUR_MS * _HOUR_MS - _HOUR_MS
    made = [
        msgspec.structs.replace(event, ts_ms=begin_ms + 60_000 * minute)
        for camera in (GUARD[0], CEIC)
        for minute in (0, 1)
        for event in (line_count(0, camera=camera), zone_state(0, camera=camera), track(minute, camera=camera))
    ]
    fill_store(Path(populated.stores.data_dir), [identified(event) for event in made])
    return begin_ms


@pytest.fixture
def caio(people: People, hour_ms: int) -> Client:
    return people.logged_in("caio")


def test_crossings_are_those_of_the_cameras_of_the_own_body(caio: Client, hour_ms: int, city: Office) -> None:
    reply = caio.post("/queries/lines", COUNTING | {"every": "1h"})
    assert reply.status == 200, reply.body
    (row,) = reply.json["rows"]
    stated = {name: row[name] for name in ("start_ms", "camera_id", "line", "direction", "label", "count")}
    assert stated == {
        "start_ms": hour_ms,
        "camera_id": GUARD[0],
        "line": "gantry",
        "direction": "to-center",
        "label": "car",
        "count": 8,
    }
    assert row["p85_m_s"] == 15.0
    assert reply.json["left_out_cameras"] == 1
    record = city.audit()[-1]
    assert (record["operation"], record["account"], record["rows"]) == ("count-query", "caio", 1)
    (whole,) = caio.post("/queries/lines", COUNTING | {"by_direction": False, "by_class": False}).json["rows"]
    assert (whole["direction"], whole["label"], whole["count"]) == ("", "", 8)
    assert [row["count"] for row in caio.post("/queries/lines", COUNTING | {"every": "1m"}).json["rows"]] == [4, 4]


def test_zones_tracks_and_speeds_are_asked_alike(caio: Client, hour_ms: int) -> None:
    (zone,) = caio.post("/queries/zones", COUNTING | {"by_class": False}).json["rows"]
    assert (zone["zone"], zone["occupancy_max"], zone["level"]) == ("lane-1", 3, "F")
    (speed,) = caio.post("/queries/speeds", COUNTING).json["rows"]
    assert (speed["camera_id"], speed["tracks"]) == (GUARD[0], 2)
    assert {row["camera_id"] for row in caio.post("/queries/traffic", COUNTING).json["rows"]} == {GUARD[0]}
    day = caio.post("/queries/lines", COUNTING | {"every": "1d", "zone": "America/Sao_Paulo"}).json["rows"]
    assert {row["start_ms"] % (24 * _HOUR_MS) for row in day} == {3 * _HOUR_MS}, "days begin at local midnight"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"cameras": [CEIC]}, 403, "you may not ask"),
        ({"zone": "Nowhere/City"}, 422, "zone"),
        ({"every": "7m"}, 422, "every"),
        ({"purpose": "curiosity"}, 422, "purpose"),
    ],
)
def test_a_question_that_is_not_possible_says_why(
    caio: Client, change: dict[str, Any], status: int, words: str
) -> None:
    reply = caio.post("/queries/zones", COUNTING | change)
    assert reply.status == status, reply.body
    assert words in reply.json["detail"]
