"""At sensitive places no answer has a single track or a small count, also of what was stored before the mark."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.queries import EventQueries
from pipeline.config.camera_settings import CameraSettings
from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.events import CountEvent, Kind
from pipeline.domain.requester import Requester
from pipeline.domain.route import GeoPoint
from pipeline.domain.times import DAY_MS, HOUR_MS
from pipeline.policy.gate import Gate
from pipeline.policy.scope import LEAST_COUNT
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.store.annotated_answer import AnswerContext
from pipeline.store.answer import NoteCode
from pipeline.store.backends.database import EventDatabase
from pipeline.store.event_store import open_event_store
from pipeline.store.questions import (
    Clones,
    Convoy,
    Events,
    Plates,
    Question,
    ReadsByVehicle,
    Route,
    Withheld,
)
from pipeline.store.settings import StoreSettings
from pipeline.store.traffic_questions import Speeds, Traffic
from pipeline.store.withheld_cameras import sensitive_cameras
from tests.asking import unaudited
from tests.event_samples import START_MS, count, plate_read, track
from tests.store.test_store import fill

CLINIC, ROAD = "clinic-gate", "road"
WHERE = {CLINIC: GeoPoint(-30.0, -51.0), ROAD: GeoPoint(-30.1, -51.1)}


def counted(number: int, camera: str, vehicles: int, label: str = "car") -> CountEvent:
    minute_ms = START_MS - START_MS % 60_000 + 60_000 * number
    return msgspec.structs.replace(count(number, camera=camera), ts_ms=minute_ms, count=vehicles, label=label)


@pytest.fixture
def queries(store_settings: StoreSettings, database: EventDatabase, tmp_path: Path) -> Iterator[EventQueries]:
    """A store with events of before the clinic was marked, asked by a process that knows the mark."""
    events = [counted(n, camera, v) for n, v in enumerate((1, 9, 10, 25)) for camera in (CLINIC, ROAD)]
    tracks = [track(n, camera=camera, speed_m_s=8.0) for n in range(12) for camera in (CLINIC, ROAD)]
    reads = [plate_read(n, camera=camera, plate="TMP1234") for n in range(3) for camera in (CLINIC, ROAD)]
    fill(database, [*events, *tracks, *reads])
    cameras = {
        CLINIC: Camera(CLINIC, Scope.PUBLIC_ROAD, surroundings=frozenset({Surroundings.CLINIC})),
        ROAD: Camera(ROAD, Scope.PUBLIC_ROAD),
    }
    gate = Gate(cameras)
    context = AnswerContext(cameras, withheld=gate.without_plates(), sensitive=gate.sensitive())
    with EventQueries(
        open_event_store(store_settings, tmp_path, dict), Requester.of_process(), unaudited, context
    ) as opened:
        yield opened


def test_counts_below_the_threshold_are_in_no_sum(queries: EventQueries) -> None:
    for every_ms in (60_000, HOUR_MS, DAY_MS):
        answer = queries.ask(Traffic(every_ms=every_ms))
        sums = {camera: sum(row.count for row in answer.value if row.camera_id == camera) for camera in WHERE}
        assert sums == {CLINIC: 35, ROAD: 45}
        assert min(row.count for row in answer.value if row.camera_id == CLINIC) >= LEAST_COUNT
    stored = queries.ask(Events(kind=Kind.COUNT)).value
    assert sorted(one.count for one in stored if isinstance(one, CountEvent) and one.camera_id == CLINIC) == [10, 25]


def test_no_difference_of_two_ranges_reveals_a_small_count(queries: EventQueries) -> None:
    minute_ms = START_MS - START_MS % 60_000
    sums = [
        sum(row.count for row in queries.ask(Traffic(end_ms=minute_ms + 60_000 * n, camera_ids=(CLINIC,))).value)
        for n in range(6)
    ]
    steps = [later - earlier for earlier, later in pairwise(sums)]
    assert all(step == 0 or step >= LEAST_COUNT for step in steps), sums


def test_no_single_track_and_no_speed_is_reported(queries: EventQueries) -> None:
    questions: list[Question[Any]] = [Events(kind=Kind.TRACK), Events(), Speeds(every_ms=DAY_MS)]
    for question in questions:
        rows = queries.ask(question).value
        cameras = {row.camera_id for row in rows if not isinstance(row, CountEvent)}
        assert ROAD in cameras
        assert CLINIC not in cameras


def test_no_answer_about_plates_has_the_place(queries: EventQueries) -> None:
    questions: list[Question[Any]] = [
        Plates(plates=("TMP1234",)),
        Events(kind=Kind.PLATE_READ),
        Convoy(plate="TMP1234", meetings=1),
        Route(plate="TMP1234", locations=WHERE),
        Clones(locations=WHERE, start_ms=0),
        ReadsByVehicle(plate="TMP1234"),
    ]
    for question in questions:
        assert CLINIC not in repr(queries.ask(question).value)


def test_the_number_of_withheld_reads_is_not_reported(queries: EventQueries) -> None:
    (found,) = queries.ask(Withheld()).value
    assert (found.camera_id, found.reads) == (CLINIC, None)
    (note,) = [one for one in queries.ask(Plates(plates=("TMP1234",))).notes if one.code is NoteCode.WITHHELD]
    assert note.text.startswith("stored reads are withheld: clinic-gate: reads of all vehicles, sensitive surroundings")


def test_the_answer_says_that_it_is_reduced(queries: EventQueries) -> None:
    answer = queries.ask(Traffic())
    (note,) = [one for one in answer.notes if one.code is NoteCode.SENSITIVE]
    assert "counts of fewer than 10 a minute, are withheld at sensitive places: clinic-gate" in note.text
    assert note.items == (CLINIC,)
    assert not answer.complete
    assert not [one for one in queries.ask(Traffic(camera_ids=(ROAD,))).notes if one.code is NoteCode.SENSITIVE]


def test_the_last_declaration_or_the_configuration_marks_a_camera(tmp_path: Path) -> None:
    clinic = CameraSettings.model_validate(
        {"id": CLINIC, "source": "rtsp://10.0.0.7/x", "scope": "public-road", "surroundings": ["clinic"]}
    )
    road = Camera(CLINIC, Scope.PUBLIC_ROAD)
    assert sensitive_cameras(tmp_path, {CLINIC: clinic.camera()}) == {CLINIC}
    DeclaredCameras(tmp_path).declare([clinic.declaration()])
    assert sensitive_cameras(tmp_path, {CLINIC: road}) == {CLINIC}
    DeclaredCameras(tmp_path).declare([CameraDeclaration(road)])
    assert sensitive_cameras(tmp_path, {CLINIC: road}) == frozenset()
