"""The guard of queries: no answer tells a plate of a camera that may read none, whenever it was stored."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import EventQueries, open_queries
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.events import CountEvent, HealthEvent, Kind, TrackEvent
from pipeline.domain.requester import Requester
from pipeline.domain.route import DrivingLimits, GeoPoint
from pipeline.errors import StoreError
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.store.annotated_answer import AnswerContext
from pipeline.store.answer import NoteCode
from pipeline.store.answers.registry import ANSWERS
from pipeline.store.backends.database import EventDatabase, literal
from pipeline.store.coverage_questions import (
    ActiveCameras,
    CorruptParts,
    CoverageOf,
    FrozenParts,
    LossAlertsOf,
    LostDataOf,
    PlatesNotSeen,
    UncertainReads,
)
from pipeline.store.event_store import open_event_store
from pipeline.store.query_guard import QueryGuard
from pipeline.store.questions import (
    Cameras,
    CameraSummary,
    Clones,
    Convoy,
    Count,
    Events,
    ListedPlateAlerts,
    Plates,
    Question,
    ReadsByVehicle,
    Route,
    Withheld,
    WithheldReads,
)
from pipeline.store.settings import StoreSettings
from pipeline.store.traffic_questions import (
    LineFigure,
    LineFigures,
    Speeds,
    Traffic,
    TrafficCount,
    TrafficSpeed,
    ZoneFigure,
    ZoneFigures,
)
from pipeline.store.withheld_cameras import strictest_cameras
from tests.asking import Asking, unaudited
from tests.event_samples import START_MS, alert, count, health, plate_read, track
from tests.store.test_store import fill

SQUARE = "praca"
WHERE = {SQUARE: GeoPoint(-23.5, -46.6), "road": GeoPoint(-23.6, -46.7), "gate": GeoPoint(-23.7, -46.8)}
NOT_ABOUT_PLATES = (
    TrackEvent,
    CountEvent,
    HealthEvent,
    TrafficCount,
    TrafficSpeed,
    LineFigure,
    ZoneFigure,
    CameraSummary,
)
NOT_OF_PLATES = (
    Traffic,
    Speeds,
    LineFigures,
    ZoneFigures,
    Cameras,
    ActiveCameras,
    LossAlertsOf,
    LostDataOf,
    CorruptParts,
)
QUESTIONS: list[Question[Any]] = [
    Plates(plates=("TMP1234",)),
    Plates(plates=("T?P*",), like=True),
    Plates(plates=("TMP1235",), errors=1),
    Plates(plates=tuple(f"TMP12{n}" for n in range(10, 99))),
    Events(),
    Events(kind=Kind.PLATE_READ),
    ListedPlateAlerts(),
    Convoy(plate="FRI3E00", meetings=1),
    Convoy(plate="TMP1234", meetings=1),
    Route(plate="TMP1234", locations=WHERE),
    Clones(locations=WHERE, limits=DrivingLimits(), start_ms=0),
    ReadsByVehicle(),
    CorruptParts(),
    ReadsByVehicle(plate="TMP1234"),
    Count(kind=Kind.PLATE_READ),
    Cameras(),
    Traffic(),
    Speeds(),
    LineFigures(),
    ZoneFigures(),
    CoverageOf(kinds=(Kind.PLATE_READ,)),
    ActiveCameras(),
    LostDataOf(kinds=(Kind.PLATE_READ,)),
    LossAlertsOf(),
    PlatesNotSeen(of=Plates(plates=("SQR0A01", "TMP1234"))),
    UncertainReads(of=Plates(plates=("TMP1234",), min_confidence=0.95)),
]


@pytest.fixture
def filled(database: EventDatabase) -> EventDatabase:
    reads = [plate_read(n, camera=SQUARE, plate="TMP1234", ts_ms=START_MS + n * 300_000) for n in range(4)]
    reads += [plate_read(n, camera=SQUARE, plate="FRI3E00", ts_ms=START_MS + n * 300_000 + 500) for n in range(10, 14)]
    reads += [plate_read(15, camera=SQUARE, plate="SQR0A01", ts_ms=START_MS + 700)]
    reads += [plate_read(20, camera="road", plate="TMP1234", ts_ms=START_MS + 1000)]
    reads += [plate_read(21, camera="road", plate="FRI3E00", ts_ms=START_MS + 2000)]
    creed = msgspec.structs.replace(track(1, camera=SQUARE), label="evangelico")
    fill(database, [*reads, creed, track(2, camera=SQUARE), count(3, camera=SQUARE)])
    hits = [alert(5, camera=SQUARE), alert(6, camera="road")]
    fill(database, [msgspec.structs.replace(hit, rule="listed-plate", figures="entry=1", detail="") for hit in hits])
    fill(database, [health(4, camera=SQUARE, detail="does not answer, says Maria")])
    return database


Opening = Callable[..., Asking]


@pytest.fixture
def store_of(store_settings: StoreSettings, tmp_path: Path) -> Iterator[Opening]:
    """Opens the store, with cameras whose plates are withheld."""
    with ExitStack() as stack:

        def opened(*withheld: str) -> Asking:
            store = open_event_store(store_settings, tmp_path, lambda: dict.fromkeys(withheld, "a public square"))
            stack.callback(store.close)
            return Asking(store)

        yield opened


def test_all_questions_are_tried_here() -> None:
    assert {type(question) for question in QUESTIONS} == set(ANSWERS) - {FrozenParts}


def test_no_answer_uses_a_plate_of_a_square(store_of: Opening, filled: EventDatabase) -> None:
    open_store, guarded = store_of(), store_of(SQUARE)
    for question in QUESTIONS:
        open_answer, guarded_answer = open_store.ask(question), guarded.ask(question)
        if not isinstance(question, NOT_OF_PLATES):
            assert open_answer != guarded_answer, f"the square's reads would have to answer {question}"
        items = (
            []
            if isinstance(question, ActiveCameras)
            else guarded_answer
            if isinstance(guarded_answer, list)
            else [guarded_answer]
        )
        assert not any(SQUARE in repr(item) for item in items if not isinstance(item, NOT_ABOUT_PLATES)), question
        text = repr(open_answer) + repr(guarded_answer)
        assert "evangelico" not in text, question
        assert "Maria" not in text, question


def test_the_process_that_asks_may_know_more_than_the_one_that_answers(
    store_settings: StoreSettings, tmp_path: Path, filled: EventDatabase
) -> None:
    store = open_event_store(store_settings, tmp_path, dict)
    context = AnswerContext(withheld={SQUARE: "a public square"})
    with EventQueries(store, Requester.of_process(), unaudited, context) as queries:
        answer = queries.ask(Plates(plates=("TMP1234",)))
    assert [read.camera_id for read in answer.value] == ["road"]
    (note,) = [note for note in answer.notes if note.code is NoteCode.WITHHELD]
    assert note.text == "stored reads are withheld: praca: 9 reads of all vehicles, a public square"
    assert not answer.complete


def test_what_is_withheld_is_said_for_all_vehicles_together(store_of: Opening, filled: EventDatabase) -> None:
    store = store_of(SQUARE, "other-square")
    expected = [WithheldReads(camera_id=SQUARE, reads=9, reason="a public square")]
    assert store.ask(Withheld()) == expected
    assert store.ask(Withheld(camera_ids=("road",))) == []
    assert store.ask(Withheld(end_ms=START_MS)) == []
    assert store_of().ask(Withheld()) == []


@pytest.mark.parametrize("sql", ["SELECT 1 FROM x, plate_reads", "SELECT plate FROM (plate_reads)"])
def test_sql_that_the_guard_does_not_know_is_not_run(sql: str) -> None:
    with pytest.raises(StoreError, match="cannot be guarded"):
        QueryGuard({}).guarded(sql)


def test_the_present_declaration_decides_and_says_since_when(tmp_path: Path) -> None:
    road, square = Camera("cam", Scope.PUBLIC_ROAD), Camera("cam", Scope.PUBLIC_SQUARE)
    declared = DeclaredCameras(tmp_path)
    stores = ConfiguredStores.of_data_dir(tmp_path)
    assert stores.without_plates() == {}
    declared.declare([CameraDeclaration(road)])
    assert stores.without_plates() == {}
    declared.declare([CameraDeclaration(square)])
    (reason,) = stores.without_plates().values()
    assert reason.startswith("scope public-square is neither")
    assert ", since 20" in reason


def test_a_camera_that_was_removed_is_still_what_it_was_declared_last(tmp_path: Path) -> None:
    DeclaredCameras(tmp_path).declare([CameraDeclaration(Camera("cam", Scope.PUBLIC_SQUARE))])
    stores = ConfiguredStores(tmp_path, (), cameras={"other": Camera("other", Scope.PUBLIC_ROAD)})
    assert list(stores.without_plates()) == ["cam"]


@pytest.mark.parametrize(
    ("configured", "declared"),
    [(Scope.PUBLIC_ROAD, Scope.PUBLIC_SQUARE), (Scope.PUBLIC_SQUARE, Scope.PUBLIC_ROAD)],
)
def test_an_older_or_edited_configuration_shows_no_withheld_plate(
    tmp_path: Path, configured: Scope, declared: Scope
) -> None:
    DeclaredCameras(tmp_path).declare([CameraDeclaration(Camera("cam", declared))])
    stores = ConfiguredStores(tmp_path, (), cameras={"cam": Camera("cam", configured)})
    assert "public-square" in stores.without_plates()["cam"]
    assert strictest_cameras(tmp_path, stores.cameras or {})["cam"].scope is Scope.PUBLIC_SQUARE
    DeclaredCameras(tmp_path).declare([CameraDeclaration(Camera("cam", Scope.PUBLIC_ROAD))])
    assert ("cam" in stores.without_plates()) is (configured is Scope.PUBLIC_SQUARE)


def test_plates_of_cameras_of_which_no_declaration_is_known_are_withheld(
    store_settings: StoreSettings, tmp_path: Path, filled: EventDatabase
) -> None:
    road = Camera("road", Scope.PUBLIC_ROAD)
    withheld: dict[str, tuple[str, ...]] = {}
    for name, declared, cameras in (("none", [], None), ("configured", [], {"road": road}), ("stored", [road], None)):
        shutil.rmtree(tmp_path / "declarations", ignore_errors=True)
        DeclaredCameras(tmp_path).declare(CameraDeclaration(camera) for camera in declared)
        stores = ConfiguredStores(tmp_path, (store_settings,), cameras=cameras)
        with open_queries(stores, Requester.of_process()) as queries:
            answer = queries.ask(Plates(plates=("TMP1234",)))
        notes = {note.code: note for note in answer.notes}
        assert (NoteCode.UNDECLARED in notes) is (not declared)
        withheld[name] = notes[NoteCode.WITHHELD].items
        assert "not declared in the data folder or the configuration" in notes[NoteCode.WITHHELD].text
        assert [read.camera_id for read in answer.value] == [camera for camera in ["road"] if name != "none"]
        assert not answer.complete
    assert withheld == {"none": ("praca", "road"), "configured": ("praca",), "stored": ("praca",)}


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("maria.da.silva", "other"),
        ("clinica-hiv", "other"),
        ("SQR-1A09", "other"),
        ("city", "city"),
        ("cam-2", "cam-2"),
        ("cam-1", "cam-1"),
        ("praca", "praca"),
        ("plate_reads", "plate_reads"),
        ("text-not-allowed", "text-not-allowed"),
    ],
)
def test_a_subject_of_an_earlier_version_is_shown_only_if_it_is_known_today(subject: str, shown: str) -> None:
    guard = QueryGuard({"praca": "scope"}, ["cam-2"], ["city"])
    (found,) = guard.bounded([msgspec.structs.replace(alert(1), subject=subject)])
    assert found.subject == shown


@pytest.mark.parametrize(
    "text",
    ["counts", "x FROM plate_reads y", "it's FROM tracks WHERE 1", "\\' FROM plate_reads --", "\ue0000\ue001", "\\"],
)
def test_texts_of_people_are_never_rewritten(text: str) -> None:
    guard = QueryGuard({"praca": "scope"})
    sql = f"SELECT plate FROM plate_reads WHERE plate = {literal(text)} AND camera_id = {literal('a')}"
    found = guard.guarded(sql)
    assert found.count(literal(text)) == 1
    assert found.endswith(f"AND plate = {literal(text)} AND camera_id = 'a'")
    assert "NOT camera_id" in found


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(StoreError, match="cannot be guarded"):
        QueryGuard({}).guarded("SELECT plate FROM plate_reads WHERE plate = 'x")
