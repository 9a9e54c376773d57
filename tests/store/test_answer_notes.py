"""Notes on answers, and the questions that they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.queries import EventQueries
from pipeline.app.questions import Answer, Note
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import Event, HealthEvent, Kind
from pipeline.domain.requester import Requester
from pipeline.errors import StoreError
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store.annotated_answer import AnswerContext
from pipeline.store.answer import NoteCode
from pipeline.store.event_store import open_event_store
from pipeline.store.questions import Cameras, Clones, Convoy, Events, Plates, Question, Route
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.traffic_questions import Traffic
from tests.asking import unaudited
from tests.event_samples import START_MS, count, health, plate_read, track
from tests.filled_store import fill_store

_SECOND_MS = 1000
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_NOW_MS = START_MS + 2 * _HOUR_MS
_CAMERAS = {
    "rua-a": Camera("rua-a", Scope.PUBLIC_ROAD, "Rua A, 10"),
    "rua-b": Camera("rua-b", Scope.PUBLIC_ROAD),
    "praca": Camera("praca", Scope.PUBLIC_SQUARE),
}


def state(camera: str, second: int, word: str, detail: str = "") -> HealthEvent:
    ts_ms = START_MS + second * _SECOND_MS
    return msgspec.structs.replace(health(second, camera=camera), ts_ms=ts_ms, state=word, detail=detail)


EVENTS: list[Event] = [
    plate_read(1, camera="rua-a", plate="ABC1D23"),
    plate_read(2, camera="rua-a", plate="ABC1D23"),
    plate_read(3, camera="rua-a", plate="FRI3E00"),
    plate_read(4, camera="rua-a", plate="ABC1D23", confidence=0.2),
    plate_read(5, camera="rua-a", plate="LJJ8886", confidence=0.11),
    plate_read(6, camera="old", plate="FRI3E00"),
    *(count(n, camera="rua-a") for n in range(2)),
    track(1, camera="rua-b"),
    state("rua-a", 0, "streaming"),
    state("rua-a", 600, "backing-off", "no answer"),
    state("rua-a", 900, "streaming"),
    state("rua-b", 0, "overloaded", "9 % of frames analyzed"),
    state("rua-b", 120, "streaming"),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill_store(tmp_path_factory.mktemp("notes"), EVENTS)


Door = Callable[..., EventQueries]


@pytest.fixture
def door(data: Path) -> Door:
    def opened(now_ms: int = _NOW_MS, cameras: dict[str, Camera] | None = _CAMERAS, **days: int | None) -> EventQueries:
        context = AnswerContext(cameras, RetentionSettings(**days), UTC, lambda: now_ms)
        return EventQueries(
            open_event_store(ChdbSinkSettings(), data, dict), Requester.of_process(), unaudited, context
        )

    return opened


def texts(answer: Answer[Any], code: NoteCode) -> list[str]:
    return [note.text for note in answer.notes if note.code is code]


def codes(answer: Answer[Any]) -> set[NoteCode]:
    return {note.code for note in answer.notes}


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        ("rua-1", "Did you mean rua-"),
        ("RUA-A", "Did you mean rua-a"),
        ("rua_a", "Did you mean rua-a"),
        ("ol", "Did you mean old"),
        ("zzz", "Known are old, praca, rua-a, rua-b"),
        ("", "Known are"),
    ],
)
def test_an_unknown_camera_is_an_error_in_every_question(door: Door, camera: str, said: str) -> None:
    with door() as store:
        questions: tuple[Question[Any], ...] = (
            Plates(plates=("ABC1D23",), camera_ids=(camera,)),
            Events(camera_ids=("rua-a", camera)),
            Traffic(camera_ids=(camera,)),
            Convoy(plate="ABC1D23", camera_ids=(camera,)),
            Route(plate="ABC1D23", locations={}, camera_ids=(camera,)),
            Clones(locations={}, camera_ids=(camera,)),
        )
        for question in questions:
            with pytest.raises(StoreError, match="neither configured nor in the event store") as caught:
                store.ask(question)
            assert said in caught.value.fix


def test_a_camera_that_is_only_stored_or_only_configured_is_known(door: Door) -> None:
    with door() as store:
        assert len(store.ask(Plates(plates=("FRI3E00",), camera_ids=("old",))).value) == 1
        silent = store.ask(Traffic(camera_ids=("praca",)))
        assert texts(silent, NoteCode.SILENT) == ["1 camera sent no event of any kind in this time range: praca"]
        assert not silent.complete


def test_text_that_is_no_unicode_and_too_many_cameras_are_refused_in_words(door: Door) -> None:
    with door() as store:
        with pytest.raises(StoreError, match="is not UTF-8"):
            store.ask(Traffic(camera_ids=("\udce9x",)))
        with pytest.raises(StoreError, match=r"30,000 cameras are too many"):
            store.ask(Traffic(camera_ids=tuple(f"camera-{n}" for n in range(30_000))))


def test_times_that_the_store_cannot_hold_are_named(door: Door) -> None:
    def asked(start_ms: int, end_ms: int | None = None, **context: int | None) -> Answer[Any]:
        with door(**context) as store:
            return store.ask(Plates(plates=("XYZ9A99",), start_ms=start_ms, end_ms=end_ms))

    expired = asked(START_MS - 30 * _DAY_MS, START_MS - 10 * _DAY_MS)
    (text,) = texts(expired, NoteCode.RETENTION)
    assert text == "plate reads before 2026-09-14 16:13:20 +00:00 are no longer stored (retention: 7 days)"
    assert not expired.complete
    assert texts(expired, NoteCode.SEARCHED) == [
        "searched: nothing, because no plate reads of this time range are stored"
    ]
    unlimited = asked(START_MS - 30 * _DAY_MS, plate_reads=None)
    (text,) = texts(unlimited, NoteCode.FIRST_DATA)
    assert "the oldest stored plate reads are from 2026-09-21 14:13:21" in text
    assert not texts(unlimited, NoteCode.RETENTION)
    assert texts(asked(_NOW_MS + _HOUR_MS), NoteCode.FUTURE)
    assert not codes(asked(START_MS + 10_000, _NOW_MS)) & {NoteCode.RETENTION, NoteCode.FIRST_DATA, NoteCode.FUTURE}
    # A store that still holds older days contradicts its retention; the days count, not the setting.
    late = asked(START_MS - _DAY_MS, START_MS + 60 * _DAY_MS, now_ms=START_MS + 60 * _DAY_MS)
    assert not texts(late, NoteCode.RETENTION)


def test_an_empty_answer_says_what_was_searched_and_a_found_one_does_not(door: Door) -> None:
    with door() as store:
        empty = store.ask(Plates(plates=("XYZ9A99",)))
        assert texts(empty, NoteCode.SEARCHED) == [
            "searched: plate reads from 2026-09-21 14:13:21 +00:00 to now, all cameras"
        ]
        assert not texts(store.ask(Plates(plates=("ABC1D23",))), NoteCode.SEARCHED)
        assert not texts(empty, NoteCode.SILENT), "a square whose plates are never read says nothing about a plate"


def test_interruptions_and_dropped_frames_within_the_range_limit_the_answer(door: Door) -> None:
    with door() as store:
        whole = store.ask(Traffic())
        (lost,) = texts(whole, NoteCode.INTERRUPTED)
        assert lost == "rua-a delivered no video for 5 min within this time range (no answer)"
        (dropped,) = texts(whole, NoteCode.OVERLOADED)
        assert "rua-b had frames dropped" in dropped
        assert "2 min" in dropped
        assert "9% of frames analyzed" in dropped, "also of what earlier versions stored"
        assert not whole.complete
        part = store.ask(Traffic(start_ms=START_MS + 880 * _SECOND_MS, end_ms=START_MS + 1000 * _SECOND_MS))
        assert texts(part, NoteCode.INTERRUPTED) == [
            "rua-a delivered no video for 20 s within this time range (no answer)"
        ], "the state at the start is that reported last before it"
        after = store.ask(Traffic(start_ms=START_MS + 1000 * _SECOND_MS, end_ms=_NOW_MS))
        assert not codes(after) & {NoteCode.INTERRUPTED, NoteCode.OVERLOADED}
        other = store.ask(Traffic(camera_ids=("rua-b",)))
        assert not texts(other, NoteCode.INTERRUPTED)


def test_cameras_whose_plates_are_never_read_are_named(door: Door) -> None:
    with door() as store:
        asked = store.ask(Plates(plates=("ABC1D23",), camera_ids=("praca",)))
        (text,) = texts(asked, NoteCode.NO_PLATES)
        assert "praca: scope public-square" in text
        assert not asked.complete
        assert not texts(store.ask(Plates(plates=("ABC1D23",))), NoteCode.NO_PLATES)
        assert not texts(store.ask(Traffic(camera_ids=("praca",))), NoteCode.NO_PLATES)


def test_uncertain_reads_are_left_out_everywhere_and_counted(door: Door) -> None:
    with door() as store:
        reads = store.ask(Plates(plates=("ABC1D23",)))
        assert [read.confidence for read in reads.value] == pytest.approx([0.9134, 0.9134])
        assert texts(reads, NoteCode.UNCERTAIN) == [
            "left out: 1 further read with a confidence below 0.5; use --min-confidence 0"
        ]
        all_reads = store.ask(Plates(plates=("ABC1D23",), min_confidence=0))
        assert len(all_reads.value) == 3
        assert not texts(all_reads, NoteCode.UNCERTAIN)
        only = store.ask(Plates(plates=("LJJ8886",)))
        assert only.value == []
        assert texts(only, NoteCode.UNCERTAIN) == [
            "seen only uncertainly: 1 read with a confidence below 0.5; use --min-confidence 0"
        ]
        assert len(store.ask(Plates(plates=("ABC*",), like=True)).value) == 2
        assert texts(store.ask(Plates(plates=("*",), like=True)), NoteCode.UNCERTAIN)[0].startswith(
            "left out: 2 further reads"
        )
        assert len(store.ask(Events(kind=Kind.PLATE_READ)).value) == 4
        assert len(store.ask(Events(kind=Kind.PLATE_READ, min_confidence=0)).value) == 6
        route = store.ask(Route(plate="ABC1D23", locations={}))
        assert len(route.value.legs) == 1
        assert "not used here" in texts(route, NoteCode.UNCERTAIN)[0]
        friends = store.ask(Convoy(plate="FRI3E00", meetings=1))
        assert {friend.plate for friend in friends.value} == {"ABC1D23"}, "LJJ8886 was close, and uncertain"


def test_of_several_plates_those_without_a_read_are_named_whatever_the_page(door: Door) -> None:
    wanted = ("abc-1d23", "XYZ9A99", "FRI3E00", "LJJ8886")
    with door() as store:
        for limit in (1, 100):
            (note,) = [n for n in store.ask(Plates(plates=wanted, limit=limit)).notes if n.code is NoteCode.NOT_SEEN]
            assert note.items == ("XYZ9A99",), "LJJ8886 was read uncertainly"
        near = store.ask(Plates(plates=("ABC1D24", "XYZ9A99"), errors=1))
        assert [note.items for note in near.notes if note.code is NoteCode.NOT_SEEN] == [("XYZ9A99",)]
        like = store.ask(Plates(plates=("ABC*", "X?Z*", "FRI3E0?"), like=True))
        assert [note.items for note in like.notes if note.code is NoteCode.NOT_SEEN] == [("X?Z*",)]
        assert not texts(store.ask(Plates(plates=("ABC1D23", "FRI3E00"))), NoteCode.NOT_SEEN)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_an_answer_that_stops_at_its_limit_says_so(door: Door, limit: int) -> None:
    with door() as store:
        answer = store.ask(Events(kind=Kind.PLATE_READ, limit=limit))
        assert len(answer.value) == limit
        (text,) = texts(answer, NoteCode.LIMIT)
        assert f"--offset {limit}" in text
        assert not texts(store.ask(Events(kind=Kind.PLATE_READ, limit=4)), NoteCode.LIMIT)
        legs = store.ask(Route(plate="ABC1D23", locations={}, min_confidence=0, limit=1))
        assert len(legs.value.legs) == 1
        assert texts(legs, NoteCode.LIMIT)
        assert legs.value.legs[0].to_ts_ms == START_MS + 4000, "the newest leg"


def test_configured_cameras_that_never_sent_an_event_are_named(door: Door) -> None:
    with door() as store:
        (note,) = [note for note in store.ask(Cameras()).notes if note.code is NoteCode.SILENT]
        assert note.items == ("praca",)


def test_without_a_configuration_only_the_store_is_known(door: Door) -> None:
    with door(cameras=None) as store:
        answer = store.ask(Plates(plates=("XYZ9A99",)))
        assert codes(answer) >= {NoteCode.SEARCHED, NoteCode.INTERRUPTED}
        with pytest.raises(StoreError, match="neither"):
            store.ask(Traffic(camera_ids=("praca",)))


def test_notes_come_over_the_local_endpoint_as_well(data: Path, tmp_path: Path) -> None:
    from pipeline.store.local_endpoint import StoreClient, StoreServer

    store = open_event_store(ChdbSinkSettings(), data, dict)
    server = StoreServer(store, tmp_path / "run" / "store.sock")
    context = AnswerContext(_CAMERAS, clock_ms=lambda: _NOW_MS)
    question = Plates(plates=("ABC1D23", "XYZ9A99"), limit=1)
    with EventQueries(StoreClient(server.socket_path), Requester.of_process(), unaudited, context) as over:
        remote: Sequence[Note] = over.ask(question).notes
    with EventQueries(store, Requester.of_process(), unaudited, context) as direct:
        assert direct.ask(question).notes == remote
    server.close()
    assert {NoteCode.LIMIT, NoteCode.NOT_SEEN, NoteCode.UNCERTAIN} <= {note.code for note in remote}
