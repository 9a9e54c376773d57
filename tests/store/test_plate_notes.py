"""Notes on plates: an empty answer is a "no" only where no uncertain read and no low frame rate stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.queries import EventQueries
from pipeline.app.questions import Answer
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import Event, Kind
from pipeline.domain.requester import Requester
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store.annotated_answer import AnswerContext
from pipeline.store.answer import NoteCode
from pipeline.store.event_store import open_event_store
from pipeline.store.questions import Clones, Convoy, Events, Plates, RangedQuestion, Route
from pipeline.store.traffic_questions import Traffic
from tests.asking import unaudited
from tests.event_samples import START_MS, count, plate_read
from tests.filled_store import fill_store

EVENTS: list[Event] = [
    plate_read(1, camera="rua-a", plate="BRA2E19"),
    plate_read(2, camera="rua-a", plate="BRA2E19", confidence=0.3),
    plate_read(3, camera="rua-a", plate="LJJ8886", confidence=0.47),
    *(count(n, camera="rua-a") for n in range(2)),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill_store(tmp_path_factory.mktemp("plates"), EVENTS)


@pytest.fixture
def store(data: Path, request: pytest.FixtureRequest) -> Iterator[EventQueries]:
    fps: float | None = getattr(request, "param", None)
    cameras = {
        "rua-a": Camera("rua-a", Scope.PUBLIC_ROAD, analyze_fps=fps),
        "praca": Camera("praca", Scope.PUBLIC_SQUARE, analyze_fps=3),
    }
    context = AnswerContext(cameras, zone=UTC, clock_ms=lambda: START_MS + 3_600_000)
    with EventQueries(
        open_event_store(ChdbSinkSettings(), data, dict), Requester.of_process(), unaudited, context
    ) as opened:
        yield opened


def noted(answer: Answer[Any], code: NoteCode) -> Sequence[str]:
    return [item for note in answer.notes if note.code is code for item in note.items]


def limiting(answer: Answer[Any]) -> set[NoteCode]:
    return {note.code for note in answer.notes if note.limits}


QUESTIONS: list[RangedQuestion[Any]] = [
    Plates(plates=("LJJ8886",)),
    Plates(plates=("LJJ*",), like=True),
    Plates(plates=("LJJ8886", "NIL0A00")),
    Route(plate="LJJ8886", locations={}),
    Convoy(plate="LJJ8886", meetings=1),
    Clones(plate="LJJ8886", locations={}),
    Events(kind=Kind.PLATE_READ, min_confidence=0.99),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: type(question).__name__)
def test_an_empty_answer_is_incomplete_where_uncertain_reads_match(
    store: EventQueries, question: RangedQuestion[Any]
) -> None:
    answer = store.ask(question)
    assert NoteCode.UNCERTAIN in limiting(answer)
    (text,) = [note.text for note in answer.notes if note.code is NoteCode.UNCERTAIN]
    assert "further" not in text


def test_a_plate_that_was_read_uncertainly_is_never_called_not_seen(store: EventQueries) -> None:
    for like, plates in ((False, ("LJJ8886", "BRA2E19", "NIL0A00")), (True, ("LJJ*", "BRA*", "NIL*"))):
        answer = store.ask(Plates(plates=plates, like=like))
        assert noted(answer, NoteCode.NOT_SEEN) == [plates[2]]
        assert noted(answer, NoteCode.UNCERTAIN_ONLY) == [plates[0]]
        assert NoteCode.UNCERTAIN_ONLY in limiting(answer)


def test_further_uncertain_reads_of_a_plate_make_its_rows_incomplete(store: EventQueries) -> None:
    answer = store.ask(Plates(plates=("BRA2E19",)))
    assert len(answer.value) == 1
    assert NoteCode.UNCERTAIN in limiting(answer)
    assert not noted(store.ask(Plates(plates=("BRA2E19",), min_confidence=0)), NoteCode.UNCERTAIN)


def test_plates_not_seen_name_those_of_which_a_similar_one_was_read(store: EventQueries) -> None:
    assert noted(store.ask(Plates(plates=("BRA2B19",))), NoteCode.SIMILAR) == ["BRA2B19"]
    assert noted(store.ask(Plates(plates=("BRA2B19", "NIL0A00"))), NoteCode.SIMILAR) == ["BRA2B19"]
    assert noted(store.ask(Route(plate="BRA2B19", locations={})), NoteCode.SIMILAR) == ["BRA2B19"]
    assert not noted(store.ask(Plates(plates=("NIL0A00",))), NoteCode.SIMILAR)
    assert not noted(store.ask(Plates(plates=("BRA2B19",), errors=1)), NoteCode.SIMILAR)


@pytest.mark.parametrize("of", [lambda plate: Convoy(plate=plate), lambda plate: Clones(plate=plate, locations={})])
def test_a_plate_that_was_read_alone_is_told_from_one_that_was_never_read(store: EventQueries, of: Any) -> None:
    read, never = store.ask(of("BRA2E19")), store.ask(of("NIL0A00"))
    assert (noted(read, NoteCode.NO_MATCH), noted(read, NoteCode.NOT_SEEN)) == (["BRA2E19"], [])
    assert (noted(never, NoteCode.NO_MATCH), noted(never, NoteCode.NOT_SEEN)) == ([], ["NIL0A00"])


@pytest.mark.parametrize(
    ("store", "plates", "traffic"),
    [(None, False, False), (5.0, False, False), (4.9, True, False), (1.5, True, True)],
    indirect=["store"],
)
def test_answers_about_cameras_of_which_few_frames_are_analyzed_are_incomplete(
    store: EventQueries, plates: bool, traffic: bool
) -> None:
    questions: list[RangedQuestion[Any]] = [Plates(plates=("NIL0A00",)), Plates(plates=("BRA2E19",)), Events()]
    for question in questions:
        answer = store.ask(question)
        assert noted(answer, NoteCode.LOW_RATE) == (["rua-a"] if plates else []), "praca reads no plates"
        assert (NoteCode.LOW_RATE in limiting(answer)) is plates
    assert noted(store.ask(Traffic()), NoteCode.LOW_RATE) == (["rua-a"] if traffic else [])
    assert not noted(store.ask(Plates(plates=("NIL0A00",), camera_ids=("praca",))), NoteCode.LOW_RATE)


@pytest.mark.parametrize(
    "of",
    [
        lambda plate: Convoy(plate=plate, within_ms=15_000),
        lambda plate: Clones(plate=plate, locations={}),
        lambda plate: Route(plate=plate, locations={}),
    ],
)
def test_a_question_about_a_vehicle_never_advises_what_it_refuses(store: EventQueries, of: Any) -> None:
    def uncertain(plate: str) -> str:
        (text,) = [note.text for note in store.ask(of(plate)).notes if note.code is NoteCode.UNCERTAIN]
        return text

    assert uncertain("BRA2E19").startswith("not used here: 1 further read"), "a certain read of it exists"
    assert uncertain("LJJ8886").startswith("seen only uncertainly: 1 read")
    assert uncertain("LJJ8886").endswith("viapublica plates LJJ8886 --min-confidence 0 lists them")


def test_a_route_with_one_read_is_not_called_one_without_a_match(store: EventQueries) -> None:
    answer = store.ask(Route(plate="BRA2E19", locations={}))
    assert answer.value.only_read is not None
    assert not noted(answer, NoteCode.NO_MATCH)
