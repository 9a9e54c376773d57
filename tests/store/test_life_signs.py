"""Life signs: an answer is complete only where each camera is known to have streamed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.queries import EventQueries
from pipeline.app.questions import Answer
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import ENGINE_ID, LIFE_SIGN, VIDEO_BEGINS, VIDEO_ENDS, Event, HealthEvent
from pipeline.domain.requester import Requester
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store.annotated_answer import AnswerContext
from pipeline.store.answer import NoteCode
from pipeline.store.event_store import open_event_store
from pipeline.store.questions import Cameras, Plates
from pipeline.store.traffic_questions import Traffic
from tests.asking import unaudited
from tests.event_samples import START_MS, alert, health, plate_read
from tests.filled_store import fill_store

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_ROAD = {"road": Camera("road", Scope.PUBLIC_ROAD)}
_BOTH = {**_ROAD, "square": Camera("square", Scope.PUBLIC_SQUARE)}


def at(
    minute: float, state: str = "streaming", detail: str = "", *, camera: str = "road", stream: str = "7a4e"
) -> Event:
    event = health(round(minute * 60), camera=camera, state=state, detail=detail)
    assert isinstance(event, HealthEvent)
    return msgspec.structs.replace(event, stream_id=stream)


def signs(first: float, last: float) -> list[Event]:
    """A life sign every five minutes, both ends included."""
    count = int((last - first) // 5) + 1
    return [at(first + 5 * number, detail=LIFE_SIGN) for number in range(count)]


def lost(minute: float, rule: str, camera: str = ENGINE_ID) -> Event:
    return msgspec.structs.replace(alert(round(minute * 60), camera=camera), rule=rule, detail="41234 events")


Asking = Callable[..., Answer[Any]]


@pytest.fixture
def ask(tmp_path: Path) -> Asking:
    def asked(
        events: list[Event],
        start: float | None = 0,
        end: float | None = None,
        *,
        now: float = 60,
        cameras: dict[str, Camera] = _ROAD,
        question: Any = None,
    ) -> Answer[Any]:
        fill_store(tmp_path, [plate_read(1, camera="road", ts_ms=START_MS + 1), *events])
        asked_of = question or Plates(
            plates=("XYZ9A99",),
            start_ms=None if start is None else START_MS + round(start * _MINUTE_MS),
            end_ms=None if end is None else START_MS + round(end * _MINUTE_MS),
        )
        context = AnswerContext(cameras, zone=UTC, clock_ms=lambda: START_MS + round(now * _MINUTE_MS))
        with EventQueries(
            open_event_store(ChdbSinkSettings(), tmp_path, dict), Requester.of_process(), unaudited, context
        ) as queries:
            return queries.ask(asked_of)

    return asked


def limits(answer: Answer[Any]) -> list[tuple[NoteCode, str]]:
    return [(note.code, note.text) for note in answer.notes if note.limits]


def test_a_camera_with_all_its_life_signs_leaves_an_answer_complete(ask: Asking) -> None:
    events = [at(0), *signs(0.2, 56)]
    assert limits(ask(events)) == []
    assert ask(events).complete


@pytest.mark.parametrize(("start", "end"), [(20, 40), (7, 8), (55, None), (59, None), (None, None), (0, 60)])
def test_every_part_of_a_time_with_life_signs_is_complete(ask: Asking, start: float | None, end: float | None) -> None:
    assert limits(ask([at(0), *signs(0.2, 56)], start, end)) == []


def test_a_camera_that_just_began_to_stream_leaves_an_answer_complete(ask: Asking) -> None:
    assert ask([at(0), at(0.2, detail=LIFE_SIGN)], now=3).complete


def test_a_time_between_a_kill_and_the_next_start_is_named(ask: Asking) -> None:
    events = [at(0), *signs(0.2, 20.2), at(50, "connecting", stream=""), at(50.1), *signs(50.3, 56)]
    answer = ask(events)
    assert limits(answer) == [
        (NoteCode.INTERRUPTED, "road sent no life sign for 29 min 54 s in 2 interruptions within this time range")
    ]
    assert limits(ask(events, 0, 20)) == []
    assert limits(ask(events, 51, 60)) == []
    assert limits(ask(events, 30, 40)) == [
        (NoteCode.INTERRUPTED, "road sent no life sign for 10 min within this time range"),
        (NoteCode.SILENT, "1 camera sent no event of any kind in this time range: road"),
    ]


def test_a_start_soon_after_a_kill_is_named_although_a_life_sign_was_not_due_yet(ask: Asking) -> None:
    events = [at(0), *signs(0.2, 50.2), at(52, "connecting", stream=""), at(52.1), *signs(52.3, 60)]
    assert limits(ask(events)) == [
        (NoteCode.INTERRUPTED, "road sent no life sign for 1 min 54 s in 2 interruptions within this time range")
    ]


def test_an_orderly_end_and_a_loss_of_the_connection_are_no_missing_life_signs(ask: Asking) -> None:
    events = [
        at(0),
        *signs(0.2, 20.2),
        at(24, "ended", "stopped"),
        at(30, "connecting", stream=""),
        at(30),
        *signs(30.2, 57),
    ]
    assert limits(ask(events)) == [
        (
            NoteCode.INTERRUPTED,
            "road was not running, or its events have not reached the store, for 6 min within this time range",
        )
    ]


def test_life_signs_that_stop_before_now_are_named(ask: Asking) -> None:
    answer = ask([at(0), *signs(0.2, 20.2)])
    assert limits(answer) == [(NoteCode.INTERRUPTED, "road sent no life sign for 39 min 48 s within this time range")]
    later = limits(ask([at(0), *signs(0.2, 20.2)], 24 * 60, now=48 * 60))
    assert later == [
        (NoteCode.INTERRUPTED, "road sent no life sign for 1 d within this time range"),
        (NoteCode.SILENT, "1 camera sent no event of any kind in this time range: road"),
    ]


def test_a_process_that_was_frozen_is_named(ask: Asking) -> None:
    answer = ask([at(0), *signs(0.2, 20.2), *signs(40.2, 56)])
    assert limits(answer) == [(NoteCode.INTERRUPTED, "road sent no life sign for 20 min within this time range")]


def test_data_of_a_version_without_life_signs_is_not_known_to_be_complete(ask: Asking) -> None:
    answer = ask([at(0)])
    assert limits(answer) == [
        (
            NoteCode.NOT_KNOWN,
            "road may have been interrupted for 1 h within this time range: no life signs are stored",
        )
    ]
    assert limits(ask([at(0), at(55), *signs(55.2, 57)], 55.1)) == []


def test_alerts_about_lost_events_and_wrong_clocks_limit_the_answers_of_their_time(ask: Asking) -> None:
    events = [at(0), *signs(0.2, 236), lost(120, "events-lost"), lost(121, "clock-wrong", "road")]
    events.append(lost(122, "scene-conflict", "road"))
    texts = [text for code, text in limits(ask(events, 100, 130, now=240)) if code is NoteCode.EVENTS_LOST]
    assert texts == [
        "events were lost on their way to the event store, all cameras at 2026-09-21 16:13:20 +00:00",
        "events were refused because their time was in the future, road at 2026-09-21 16:14:20 +00:00",
        "plate reads were refused because another camera showed the same scene, road at 2026-09-21 16:15:20 +00:00",
    ]
    assert limits(ask(events, 200, 230, now=240)) == []
    assert limits(ask(events, 0, 100, now=240)) == []


def test_a_clock_alert_of_a_square_says_nothing_about_plates(ask: Asking) -> None:
    events = [at(0), *signs(0.2, 56), lost(20, "clock-wrong", "square")]
    assert limits(ask(events, cameras=_BOTH)) == []
    assert limits(ask(events, cameras=_BOTH, question=Traffic(start_ms=START_MS)))[-1][0] is NoteCode.EVENTS_LOST


def test_a_list_of_cameras_names_those_that_went_silent_while_streaming(ask: Asking) -> None:
    events = [at(0), *signs(0.2, 20.2)]
    answer = ask(events, question=Cameras())
    assert [row.state for row in answer.value] == ["no-life-sign"]
    assert answer.value[0].state_since_ms == answer.value[0].last_seen_ms
    assert limits(answer) == [
        (
            NoteCode.INTERRUPTED,
            "1 camera streamed when last heard of, and sent nothing since: road since 2026-09-21 14:33:32 +00:00",
        )
    ]
    assert answer.value[0].detail == ""
    assert limits(ask(events, question=Cameras(), now=24)) == []
    assert [row.state for row in ask(events, question=Cameras(), now=24).value] == ["streaming"]


def test_an_overload_ends_with_the_last_life_sign(ask: Asking) -> None:
    overload = "40% of frames analyzed: 2.0 of 5.0 per second"
    events = [at(0), at(0.2, detail=LIFE_SIGN), at(5, "overloaded", overload), at(6, "overloaded", LIFE_SIGN)]
    expected = [
        (
            NoteCode.OVERLOADED,
            "road had frames dropped, because the machine was overloaded, for 1 min within this time range "
            f"({overload})",
        ),
        (NoteCode.INTERRUPTED, "road sent no life sign for 54 min within this time range"),
    ]
    assert limits(ask(events)) == expected
    assert limits(ask(events, now=6 * 60))[0] == expected[0], "it does not grow with the clock"
    row = ask(events, question=Cameras()).value[0]
    assert (row.state, row.state_since_ms) == ("no-life-sign", START_MS + 6 * _MINUTE_MS)
    assert ask(events, question=Cameras(), now=10).value[0].state == "overloaded"


def test_an_overload_with_life_signs_lasts(ask: Asking) -> None:
    signed = [at(minute, "overloaded", LIFE_SIGN) for minute in range(6, 60, 5)]
    events = [at(0), at(0.2, detail=LIFE_SIGN), at(5, "overloaded", "slow"), *signed]
    assert [code for code, _ in limits(ask(events))] == [NoteCode.OVERLOADED]
    assert "for 55 min" in limits(ask(events))[0][1]


def begins(minute: float, stream: str = "clip", camera: str = "road") -> Event:
    return at(minute, "streaming", VIDEO_BEGINS, camera=camera, stream=stream)


def ends(minute: float, stream: str = "clip", camera: str = "road") -> Event:
    return at(minute, "ended", VIDEO_ENDS, camera=camera, stream=stream)


@pytest.mark.parametrize(("start", "end"), [(0, 40), (10, 30), (None, 40), (39, 40)])
def test_a_recorded_video_that_was_analyzed_to_its_end_leaves_an_answer_complete(
    ask: Asking, start: float | None, end: float | None
) -> None:
    answer = ask([begins(0), ends(40)], start, end, now=2000)
    assert limits(answer) == []
    assert answer.complete


def test_the_time_after_a_recorded_video_is_not_covered_by_it(ask: Asking) -> None:
    answer = ask([begins(0), ends(40)], 30, 60, now=2000)
    assert limits(answer)[0] == (
        NoteCode.INTERRUPTED,
        "road was not running, or its events have not reached the store, for 20 min within this time range",
    )


@pytest.mark.parametrize("start", [None, 0])
def test_a_range_without_an_end_ends_now_and_is_no_more_complete_than_its_parts(
    ask: Asking, start: float | None
) -> None:
    """The hour after the video is not covered, so neither is a range that contains it."""
    assert not ask([begins(0), ends(40)], 60, 120, now=2000).complete
    answer = ask([begins(0), ends(40)], start, None, now=2000)
    assert [code for code, _ in limits(answer)] == [NoteCode.INTERRUPTED]
    assert not answer.complete


@pytest.mark.parametrize("of_stream", ["clip", "other"])
def test_a_recorded_video_whose_analysis_was_killed_is_named(ask: Asking, of_stream: str) -> None:
    answer = ask([begins(-50, "other"), ends(-20, of_stream if of_stream == "other" else "x"), begins(10)], 0, 60)
    assert (NoteCode.INTERRUPTED, True) in [
        (code, "is not analyzed to its end" in text) for code, text in limits(answer)
    ]
    assert not answer.complete


def test_a_second_analysis_to_the_end_completes_a_recorded_video(ask: Asking) -> None:
    failed = at(20, "failed", "cannot be decoded", stream="clip")
    text = limits(ask([begins(0), failed], 0, 40))[0][1]
    assert text.startswith("road failed for 20 min within this time range")
    assert limits(ask([begins(0), failed, begins(0), ends(40)], 0, 40)) == []


def test_a_video_that_was_analyzed_under_two_start_times_says_nothing_about_the_time_between(ask: Asking) -> None:
    answer = ask([begins(0), ends(10), begins(40), ends(50)], 0, 50)
    assert limits(answer) == [
        (
            NoteCode.INTERRUPTED,
            "road was not running, or its events have not reached the store, for 30 min within this time range",
        )
    ]


def test_videos_that_overlap_cover_the_time_of_both(ask: Asking) -> None:
    assert limits(ask([begins(0, "a"), ends(30, "a"), begins(20, "b"), ends(50, "b")], 0, 50)) == []


@pytest.mark.parametrize("others", [[], [begins(25, "c"), ends(30, "c")]], ids=["alone", "before-a-third"])
def test_a_video_that_overlaps_another_is_named_where_it_is_not_finished(ask: Asking, others: list[Event]) -> None:
    assert limits(ask([begins(0, "a"), ends(30, "a"), begins(20, "b"), *others], 0, 50)) == [
        (
            NoteCode.INTERRUPTED,
            "recorded video of road is not analyzed to its end: events of 20 min within this time range may be missing",
        )
    ]


def test_a_list_of_cameras_names_recorded_video_that_is_not_analyzed_to_its_end(ask: Asking) -> None:
    answer = ask([begins(0)], question=Cameras(), now=2000)
    assert limits(answer) == [(NoteCode.INTERRUPTED, "recorded video is not analyzed to its end: road")]
    assert limits(ask([begins(0), ends(10)], question=Cameras(), now=2000)) == []


def test_a_time_of_a_low_rate_limits_the_answer_with_its_cause(ask: Asking) -> None:
    cause = "3.1 frames per second are analyzed instead of 10: only 3.1 arrive: check its frame rate and the network"
    events = [at(0), at(0.2, detail=LIFE_SIGN), at(5, "low-rate", cause), at(6, "low-rate", LIFE_SIGN), at(7)]
    (note, *_) = limits(ask([*events, *(at(minute, detail=LIFE_SIGN) for minute in range(7, 64, 5))]))
    assert note == (
        NoteCode.LOW_RATE,
        f"fewer frames of road were analyzed than configured, for 2 min within this time range ({cause})",
    )


def test_a_time_without_usable_images_limits_the_answer_with_the_defect(ask: Asking) -> None:
    events = [at(0), at(0.2, detail=LIFE_SIGN), at(5, "unusable", "its images are too dark"), at(7)]
    (note, *_) = limits(ask([*events, *(at(minute, detail=LIFE_SIGN) for minute in range(7, 64, 5))]))
    assert note == (
        NoteCode.UNUSABLE,
        "road showed nothing usable for 2 min within this time range (its images are too dark)",
    )
