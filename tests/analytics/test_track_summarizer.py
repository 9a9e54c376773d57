"""Tracks become summaries and counts, each once, the same on every run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analytics.settings import AnalyticsSettings, GroundPointChoice
from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.domain.event_identity import is_own_id
from pipeline.domain.events import CountEvent, Event, TrackEvent, encode
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import Label
from tests.analytics.street import FPS, MINUTE_MS, START_MS, Box, box_at, frame, tracks

_CAR = (Label.CAR, box_at(600, 400))


def _summarizer(**changes: object) -> TrackSummarizer:
    return TrackSummarizer("cam", "session", AnalyticsSettings.model_validate(changes))


def _show(
    summarizer: TrackSummarizer, track_id: int, boxes: list[Box], start_s: float = 0.0, label: Label = Label.CAR
) -> None:
    for i, box in enumerate(boxes):
        summarizer.observe(frame(start_s + i / FPS), tracks({track_id: (label, box)}))


def _tracks(events: Sequence[Event]) -> list[TrackEvent]:
    return [event for event in events if isinstance(event, TrackEvent)]


def _counts(events: Sequence[Event]) -> list[CountEvent]:
    return [event for event in events if isinstance(event, CountEvent)]


def _end(summarizer: TrackSummarizer) -> TrackEvent:
    (event,) = _tracks(summarizer.close())
    return event


def test_a_track_becomes_one_summary_when_the_tracker_gives_it_up() -> None:
    summarizer = _summarizer()
    _show(summarizer, 7, [box_at(100 + 10 * i, 400) for i in range(50)])
    (event,) = _tracks(summarizer.settle([7, 99], START_MS))
    assert is_own_id(event.event_id, encode(event))
    assert (event.label, event.track_id, event.frames) == ("car", 7, 50)
    assert (event.first_ts_ms, event.ts_ms) == (START_MS, START_MS + 49 * 40)
    assert event.path_px == pytest.approx(490, rel=0.01)
    assert event.speed_px_s == pytest.approx(250, rel=0.01)
    assert event.speed_m_s is None
    assert summarizer.settle([7], START_MS) == []
    assert _tracks(summarizer.close()) == []


@given(jitter_px=st.floats(0, 3), side=st.floats(60, 300), seed=st.integers(0, 1000), seconds=st.floats(1, 30))
@settings(max_examples=20, deadline=None)
def test_a_parked_car_covers_no_distance_however_its_box_jitters(
    jitter_px: float, side: float, seed: int, seconds: float
) -> None:
    rng = np.random.default_rng(seed)
    summarizer = _summarizer()
    for i in range(int(seconds * FPS)):
        box = np.array(box_at(600, 400, side)) + rng.normal(0, jitter_px, 4)
        summarizer.observe(frame(i / FPS), tracks({1: (Label.CAR, (box[0], box[1], box[2], box[3]))}))
    assert _end(summarizer).path_px == 0.0


@given(
    speed_px_s=st.floats(60, 900), heading=st.floats(0, 2 * math.pi), jitter_px=st.floats(0, 2),
    side=st.floats(60, 160), seed=st.integers(0, 1000), fps=st.sampled_from([5, 12.5, 25]),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_a_moving_car_covers_its_distance_at_any_speed_heading_and_frame_rate(  # noqa: PLR0917 - hypothesis calls it by name
    speed_px_s: float, heading: float, jitter_px: float, side: float, seed: int, fps: float
) -> None:
    rng = np.random.default_rng(seed)
    summarizer = _summarizer()
    seconds = 4.0
    for i in range(int(seconds * fps) + 1):
        way = speed_px_s * i / fps
        box = np.array(box_at(600 + way * math.cos(heading), 400 + way * math.sin(heading), side))
        box += rng.normal(0, jitter_px, 4)
        summarizer.observe(frame(i / fps), tracks({1: (Label.CAR, (box[0], box[1], box[2], box[3]))}))
    event = _end(summarizer)
    assert event.path_px == pytest.approx(speed_px_s * seconds, rel=0.05, abs=12)
    assert event.speed_px_s == pytest.approx(event.path_px / seconds, rel=0.01)


def test_a_way_there_and_back_has_twice_the_length() -> None:
    summarizer = _summarizer()
    there = [box_at(200 + 8 * i, 400) for i in range(75)]
    _show(summarizer, 1, there + there[::-1])
    assert _end(summarizer).path_px == pytest.approx(2 * 8 * 74, rel=0.08)


def test_the_ground_point_can_be_the_center() -> None:
    growing: list[Box] = [(500 - i, 300 - i, 600 + i, 400 + i) for i in range(100)]
    from_the_side, from_above = _summarizer(), _summarizer(ground_point=GroundPointChoice.CENTER)
    for summarizer in (from_the_side, from_above):
        _show(summarizer, 1, growing)
    assert _end(from_the_side).path_px > 80
    assert _end(from_above).path_px == 0.0


def test_the_label_is_the_one_seen_most() -> None:
    summarizer = _summarizer()
    labels = [Label.TRUCK] * 4 + [Label.CAR] * 9 + [Label.TRUCK] * 4
    for i, label in enumerate(labels):
        summarizer.observe(frame(i / FPS), tracks({1: (label, box_at(600, 400))}))
    assert _end(summarizer).label == "car"


def test_noise_that_is_visible_too_shortly_is_neither_summarized_nor_counted() -> None:
    summarizer = _summarizer()
    _show(summarizer, 1, [box_at(600, 400)] * 4)
    _show(summarizer, 2, [box_at(600, 400)] * 8, start_s=1)
    events = summarizer.close()
    assert [event.track_id for event in _tracks(events)] == [2]
    assert [event.count for event in _counts(events)] == [1]


@pytest.mark.parametrize("analyze_fps", [2, 5, 10, 25])
@pytest.mark.parametrize(
    ("score", "seconds", "counts"),
    [
        (0.9, 1.0, True),
        (0.45, 1.5, True),
        (0.45, 0.5, False),
        (0.35, 2.0, False),
        (0.35, 4.0, True),
        (0.25, 9.0, False),
    ],
)
def test_whether_a_track_counts_depends_on_score_and_time_and_not_on_the_rate_of_analysis(
    score: float, seconds: float, counts: bool, analyze_fps: int
) -> None:
    summarizer = _summarizer()
    for index in range(-analyze_fps, round(seconds * analyze_fps)):
        seen = {1: _CAR} if index > 0 else {}  # the tracker confirms it by its second detection
        summarizer.observe(frame(10 + index / analyze_fps), tracks(seen, score))
    assert bool(_counts(summarizer.close())) is counts


@pytest.mark.parametrize("seed", range(8))
def test_a_track_that_flickers_is_visible_for_its_share_of_the_time_at_any_spacing(seed: int) -> None:
    random = np.random.default_rng(seed)
    visible, at_s = _summarizer(min_visible_s=0.2), 0.0
    hidden = _summarizer(min_visible_s=1.2)
    while at_s < 10.0:
        at_s += float(random.choice([0.04, 0.08, 0.2]))
        seen = {1: _CAR} if random.random() < 0.06 else {}  # 0.6 s of 10 s
        for summarizer in (visible, hidden):
            summarizer.observe(frame(at_s), tracks(seen))
    assert len(_tracks(visible.close())) == 1
    assert _tracks(hidden.close()) == []


@pytest.mark.parametrize("label", [Label.FACE, Label.PLATE])
def test_faces_and_plates_are_neither_counted_nor_summarized(label: Label) -> None:
    summarizer = _summarizer()
    _show(summarizer, 1, [box_at(600, 400)] * 20, label=label)
    assert summarizer.open_tracks == 0
    assert summarizer.close() == []


def test_only_configured_labels_are_counted() -> None:
    summarizer = _summarizer(labels=["bus"])
    _show(summarizer, 1, [box_at(600, 400)] * 20)
    _show(summarizer, 2, [box_at(600, 400)] * 20, start_s=2, label=Label.BUS)
    events = summarizer.close()
    assert [event.label for event in _tracks(events)] == ["bus"]
    assert [event.label for event in _counts(events)] == ["bus"]


def test_a_track_counts_in_the_minute_it_was_first_seen() -> None:
    summarizer = _summarizer(count_settle_s=5)
    for i in range(130):
        summarizer.observe(frame(i), tracks({1: _CAR, **({2: _CAR} if 70 <= i < 80 else {})}))
        if i == 64:
            assert summarizer.settle([], START_MS + i * 1000) == []
        if i == 65:
            (count,) = _counts(summarizer.settle([], START_MS + i * 1000))
            assert (count.ts_ms, count.label, count.count) == (START_MS, "car", 1)
            assert is_own_id(count.event_id, encode(count))
    assert [(count.ts_ms, count.count) for count in _counts(summarizer.close())] == [(START_MS + MINUTE_MS, 1)]


def test_a_minute_without_open_tracks_is_reported_as_soon_as_it_is_over() -> None:
    summarizer = _summarizer(count_settle_s=600)
    _show(summarizer, 1, [box_at(600, 400)] * 10)
    assert _counts(summarizer.settle([1], START_MS + MINUTE_MS - 1)) == []
    assert [count.count for count in _counts(summarizer.settle([], START_MS + MINUTE_MS))] == [1]


def test_a_track_that_becomes_long_enough_after_its_minute_was_reported_is_still_counted() -> None:
    summarizer = _summarizer(count_settle_s=0, min_visible_s=0.5)
    _show(summarizer, 1, [box_at(600, 400)] * 20, start_s=10)
    summarizer.settle([1], START_MS)
    summarizer.observe(frame(59.76), tracks({}))
    _show(summarizer, 2, [box_at(600, 400)] * 20, start_s=59.8)
    first = _counts(summarizer.settle([], START_MS + MINUTE_MS + 1000))
    second = _counts(summarizer.settle([2], START_MS + MINUTE_MS + 1000))
    assert [(c.ts_ms, c.count) for c in first + second] == [(START_MS, 1), (START_MS, 1)]
    assert first[0].event_id != second[0].event_id


def test_the_same_video_gives_the_same_ids() -> None:
    def run(start_ms: int) -> list[Event]:
        summarizer = _summarizer()
        for second in range(150):
            summarizer.observe(frame(second, start_ms + second * 1000), tracks({second // 10 + 1: _CAR}))
        return list(summarizer.close())

    first, again, later = run(START_MS), run(START_MS), run(START_MS + 1000 * MINUTE_MS)
    assert [event.event_id for event in first] == [event.event_id for event in again]
    assert len({event.event_id for event in first + later}) == 2 * len(first), (
        "a copy of another time says another thing"
    )


def test_a_clock_that_is_set_back_loses_and_repeats_nothing() -> None:
    summarizer = _summarizer(count_settle_s=0, min_visible_s=0.1)
    counts: list[CountEvent] = []
    for hour in range(2):
        for i in range(100):
            wall_ms = START_MS + i * 1000  # the second hour lives through the same minutes again
            summarizer.observe(frame(hour * 3600 + i, wall_ms), tracks({hour * 100 + i + 1: _CAR}))
            summarizer.observe(frame(hour * 3600 + i + 0.1, wall_ms), tracks({hour * 100 + i + 1: _CAR}))
            summarizer.observe(frame(hour * 3600 + i + 0.2, wall_ms), tracks({hour * 100 + i + 1: _CAR}))
            counts += _counts(summarizer.settle([hour * 100 + i + 1], wall_ms))
    counts += _counts(summarizer.close())
    assert sum(count.count for count in counts) == 200
    assert len({count.event_id for count in counts}) == len(counts)


def test_the_return_of_a_track_that_was_closed_while_idle_is_another_event_but_no_other_count() -> None:
    summarizer = _summarizer(max_idle_s=5)
    _show(summarizer, 1, [box_at(600, 400)] * 10)
    for i in range(10):
        summarizer.observe(frame(1 + i), tracks({}))
    (first,) = _tracks(summarizer.settle([], START_MS))
    assert summarizer.open_tracks == 0
    _show(summarizer, 1, [box_at(600, 400)] * 10, start_s=20)
    (second,) = _tracks(summarizer.settle([1], START_MS))
    assert first.event_id != second.event_id
    assert sum(count.count for count in _counts(summarizer.close())) == 1


def test_memory_is_bounded_when_a_tracker_never_gives_up() -> None:
    summarizer = _summarizer(max_open_tracks=16, min_visible_s=0)
    events: list[Event] = []
    for i in range(500):
        summarizer.observe(frame(i / FPS), tracks({i + 1: _CAR}))
        events += summarizer.settle([], START_MS)
        assert summarizer.open_tracks <= 16
    events += summarizer.close()
    assert Counter(event.track_id for event in _tracks(events)) == Counter(range(1, 501))
    assert sum(count.count for count in _counts(events)) == 500


_LIVES = st.lists(
    st.tuples(st.integers(0, 240), st.integers(1, 90), st.sampled_from([Label.CAR, Label.PERSON, Label.FACE])),
    max_size=12,
)


@given(lives=_LIVES, settle_s=st.sampled_from([0, 10, 120]), ask_every=st.integers(1, 50))
@settings(max_examples=25, deadline=None)
def test_every_track_is_counted_and_summarized_exactly_once_and_a_replay_gives_the_same_bytes(
    lives: list[tuple[int, int, Label]], settle_s: int, ask_every: int
) -> None:
    def run() -> list[Event]:
        summarizer = _summarizer(count_settle_s=settle_s, min_visible_s=1.5, max_idle_s=300)
        events: list[Event] = []
        for second in range(331):
            alive = {
                number: (label, box_at(100 + number * 20, 300))
                for number, (begin, length, label) in enumerate(lives, 1)
                if begin <= second < begin + length
            }
            summarizer.observe(frame(second), tracks(alive))
            ended = [n for n, (b, length, _) in enumerate(lives, 1) if b + length == second]
            asked_s = second - second % ask_every
            events += summarizer.settle(ended, START_MS + asked_s * 1000)
        return [*events, *summarizer.close()]

    events = run()
    expected = Counter(
        (START_MS + begin // 60 * MINUTE_MS, label.word)
        for begin, length, label in lives
        if length >= 2 and label is not Label.FACE
    )
    counted: Counter[tuple[int, str]] = Counter()
    for event in events:
        if isinstance(event, CountEvent):
            counted[event.ts_ms, event.label] += event.count
    assert counted == expected
    assert sum(isinstance(event, TrackEvent) for event in events) == expected.total()
    assert len({event.event_id for event in events}) == len(events)
    assert sorted(map(encode, events)) == sorted(map(encode, run()))
    tracks_in_order = _tracks(events)
    assert all(a.ts_ms <= b.ts_ms for a, b in pairwise(tracks_in_order))


def test_frames_are_needed_until_the_newest_tracks_were_visible_for_long_enough_to_count() -> None:
    summarizer, needs = _summarizer(min_visible_s=0.1), []
    for index in range(4):
        _show(summarizer, 1, [box_at(600, 400)], index / FPS)
        needs.append(summarizer.needs_next())
    assert needs == [*[FrameDecision.NEW_TRACK] * 3, None]
    _show(summarizer, 2, [box_at(100, 400)], 1.0)
    _show(summarizer, 1, [box_at(600, 400)], 1.1)
    assert summarizer.needs_next() is None, "track 2 is not in view"
