"""Notes about many cameras: one sentence for each reason, the first cameras by name, all of them in `items`."""

from __future__ import annotations

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.locale import Locale
from pipeline.domain.ports import SourceState
from pipeline.store.annotated_answer import AnswerContext
from pipeline.store.answer import Note
from pipeline.store.camera_notes import cameras_without_plates, interruptions
from pipeline.store.coverage_questions import NO_LIFE_SIGN, Coverage, Interruption
from pipeline.store.notes_portuguese import notes_language
from pipeline.store.questions import Plates
from pipeline.store.traffic_questions import Traffic

CAMERAS = tuple(f"av-{number:02}" for number in range(20))


def stopped(camera_id: str, state: str, detail: str, end_ms: int) -> Interruption:
    return Interruption(camera_id=camera_id, state=state, detail=detail, start_ms=0, end_ms=end_ms)


def noted(*interrupted: Interruption, locale: Locale | None = None) -> list[Note]:
    context = AnswerContext(clock_ms=lambda: 10_000_000, language=notes_language(locale))
    coverage = Coverage(first_ms=0, interruptions=list(interrupted))
    return list(interruptions(Traffic(), context, coverage))


def test_twenty_cameras_that_failed_for_one_reason_are_one_sentence() -> None:
    failed = [
        stopped(one, SourceState.FAILED.value, "no answer", 60_000 * (number + 1)) for number, one in enumerate(CAMERAS)
    ]
    (note,) = noted(*failed)
    assert note.text == (
        "20 cameras failed within this time range: av-19 (20 min), av-18 (19 min), av-17 (18 min), av-16 (17 min), "
        "av-15 (16 min), and 15 further cameras (no answer)"
    )
    assert note.items == CAMERAS
    (portuguese,) = noted(*failed, locale=Locale.PT_BR)
    assert portuguese.text.startswith("20 câmeras falharam em parte deste período: av-19 (20 min), ")


def test_each_reason_has_its_sentence_and_each_camera_its_own_detail() -> None:
    (note,) = noted(
        stopped("a", SourceState.FAILED.value, "no answer", 60_000),
        stopped("b", SourceState.FAILED.value, "401 Unauthorized", 120_000),
        stopped("c", NO_LIFE_SIGN, "", 30_000),
        stopped("d", NO_LIFE_SIGN, "", 30_000),
        stopped("e", SourceState.ENDED.value, "stopped", 10_000),
    )
    assert note.text == (
        "2 cameras failed within this time range: b (2 min: 401 Unauthorized), a (1 min: no answer); "
        "2 cameras sent no life sign within this time range: c (30 s), d (30 s); "
        "e was not running, or its events have not reached the store, for 10 s within this time range"
    )


def test_cameras_without_plates_share_their_reason() -> None:
    cameras = {one: Camera(one, Scope.PUBLIC_SQUARE) for one in CAMERAS}
    (note,) = cameras_without_plates(Plates(plates=("ABC1D23",)), AnswerContext(cameras=cameras), ())
    assert note.text.count("public-square") == 1
    assert "by 20 cameras: av-00, av-01, av-02, av-03, av-04, and 15 further cameras: scope" in note.text
    assert note.items == CAMERAS
