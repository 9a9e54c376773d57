"""Queues count what they drop, and batches are fair."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.camera import Priority
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_queue import FrameQueue, WhenFull
from tests.engine.frames import frame


def everything(_: FrameQueue) -> bool:
    return True


def test_a_live_camera_keeps_the_newest_frames_and_counts_the_others() -> None:
    batcher = FairBatcher(10, 0)
    queue = batcher.open_queue("a", 2, WhenFull.DROP_OLDEST)
    for index in range(5):
        assert queue.put(frame("a", index))
    assert [f.index for f in batcher.next_batch(everything, 0)] == [3, 4]
    assert queue.snapshot().drops == {"queue-full-oldest": 3}


def test_a_live_camera_may_keep_the_oldest_frames_instead() -> None:
    batcher = FairBatcher(10, 0)
    queue = batcher.open_queue("a", 2, WhenFull.DROP_NEWEST)
    for index in range(5):
        assert queue.put(frame("a", index))
    assert [f.index for f in batcher.next_batch(everything, 0)] == [0, 1]
    assert queue.snapshot().drops == {"queue-full-newest": 3}


def test_a_batch_waits_for_enough_frames_not_for_as_many_as_it_may_take() -> None:
    batcher = FairBatcher(6, 60, enough=2)
    queue = batcher.open_queue("a", 4, WhenFull.WAIT)
    for index in range(3):
        queue.put(frame("a", index))
    assert [f.index for f in batcher.next_batch(everything, 0)] == [0, 1, 2]


def test_a_file_waits_and_loses_nothing() -> None:
    batcher = FairBatcher(3, 0)
    queue = batcher.open_queue("a", 2, WhenFull.WAIT)

    def decode() -> None:
        for index in range(50):
            queue.put(frame("a", index))
        queue.close()

    decoder = threading.Thread(target=decode)
    decoder.start()
    seen: list[int] = []
    while not queue.drained:
        seen += [f.index for f in batcher.next_batch(everything, 0.05)]
    decoder.join()
    assert seen == list(range(50))
    assert queue.snapshot().drops == {}


def test_closing_a_queue_releases_a_waiting_decoder() -> None:
    batcher = FairBatcher(1, 0)
    queue = batcher.open_queue("a", 1, WhenFull.WAIT)
    queue.put(frame("a", 0))
    results: list[bool] = []
    decoder = threading.Thread(target=lambda: results.append(queue.put(frame("a", 1))))
    decoder.start()
    time.sleep(0.05)
    queue.discard()
    decoder.join(timeout=60)
    assert results == [False]
    assert queue.drained
    assert queue.snapshot().drops == {"stopped": 2}


def test_a_camera_with_many_frames_does_not_displace_another() -> None:
    batcher = FairBatcher(4, 0)
    busy = batcher.open_queue("busy", 10, WhenFull.WAIT)
    calm = batcher.open_queue("calm", 10, WhenFull.WAIT)
    for index in range(10):
        busy.put(frame("busy", index, arrived_s=index))
    calm.put(frame("calm", 0, arrived_s=100))
    batch = batcher.next_batch(everything, 0)
    assert [(f.camera_id, f.index) for f in batch] == [("busy", 0), ("calm", 0), ("busy", 1), ("busy", 2)]


def test_queues_that_may_not_be_taken_are_skipped() -> None:
    batcher = FairBatcher(4, 0)
    batcher.open_queue("file", 4, WhenFull.WAIT).put(frame("file", 0))
    batcher.open_queue("live", 4, WhenFull.DROP_OLDEST).put(frame("live", 0))
    batch = batcher.next_batch(lambda queue: queue.when_full is not WhenFull.WAIT, 0)
    assert [f.camera_id for f in batch] == ["live"]
    assert batcher.next_batch(lambda queue: queue.when_full is not WhenFull.WAIT, 0.01) == []


def test_a_batch_waits_a_little_for_a_second_camera() -> None:
    batcher = FairBatcher(2, 5)
    first = batcher.open_queue("a", 4, WhenFull.WAIT)
    second = batcher.open_queue("b", 4, WhenFull.WAIT)
    first.put(frame("a", 0))
    later = threading.Timer(0.05, lambda: second.put(frame("b", 0)))
    later.start()
    batch = batcher.next_batch(everything, 1)
    later.join()
    assert {f.camera_id for f in batch} == {"a", "b"}


@given(
    st.lists(st.lists(st.floats(0, 100), max_size=6).map(sorted), min_size=1, max_size=5),
    st.integers(1, 8),
)
def test_every_camera_keeps_its_order_and_none_gets_two_places_ahead(
    arrivals: list[list[float]], batch_size: int
) -> None:
    batcher = FairBatcher(batch_size, 0)
    for number, times in enumerate(arrivals):
        queue = batcher.open_queue(str(number), 10, WhenFull.WAIT)
        for index, arrived in enumerate(times):
            queue.put(frame(str(number), index, arrived_s=arrived))
    left = [len(times) for times in arrivals]
    position = [0] * len(arrivals)
    while batch := batcher.next_batch(everything, 0):
        assert len(batch) == min(batch_size, sum(left))
        taken = [0] * len(arrivals)
        for f in batch:
            number = int(f.camera_id)
            assert f.index == position[number]
            position[number] += 1
            taken[number] += 1
        for number, count in enumerate(taken):
            others = [taken[n] for n in range(len(arrivals)) if n != number and taken[n] < left[n]]
            assert all(count <= other + 1 for other in others)
        left = [n - t for n, t in zip(left, taken, strict=True)]
    assert sum(left) == 0


@pytest.mark.parametrize("when_full", [WhenFull.DROP_OLDEST, WhenFull.DROP_NEWEST])
@pytest.mark.parametrize(("cameras", "batch", "every"), [(12, 8, 1), (12, 1, 1), (12, 5, 3), (7, 4, 2), (30, 4, 1)])
def test_an_overload_is_shared_by_cameras_that_offer_as_much(
    when_full: WhenFull, cameras: int, batch: int, every: int
) -> None:
    """A slow analyzer: one batch for every `every` rounds in which each camera offers a frame."""
    batcher = FairBatcher(batch, 0)
    # Their clocks differ: some cameras' frames are always older than others'.
    queues = {f"cam-{n}": batcher.open_queue(f"cam-{n}", 4, when_full) for n in range(cameras)}
    got: Counter[str] = Counter()
    for index in range(300):
        for n, (camera, queue) in enumerate(queues.items()):
            queue.put(frame(camera, index, arrived_s=index / 5 + n / (5 * cameras)))
        if index % every == 0:
            got.update(f.camera_id for f in batcher.next_batch(everything, 0))
    assert min(got.values()) > 5
    assert max(got.values()) / min(got[camera] for camera in queues) <= 1.5


def test_a_camera_that_offers_little_loses_nothing_to_busy_ones_in_an_overload() -> None:
    batcher = FairBatcher(2, 0)
    busy = [batcher.open_queue(f"busy-{n}", 4, WhenFull.DROP_OLDEST) for n in range(5)]
    calm = batcher.open_queue("calm", 4, WhenFull.DROP_OLDEST)
    got: Counter[str] = Counter()
    for index in range(100):
        for queue in busy:
            queue.put(frame(queue.camera_id, index))
        if index % 5 == 0:
            calm.put(frame("calm", index))
        got.update(f.camera_id for f in batcher.next_batch(everything, 0))
    assert got["calm"] == 20
    assert calm.snapshot().drops == {}


def test_frames_of_a_higher_priority_come_first_and_files_wait_for_live_cameras() -> None:
    batcher = FairBatcher(2, 0)
    for name, when_full, priority in (
        ("file", WhenFull.WAIT, Priority.HIGH),
        ("square", WhenFull.DROP_OLDEST, Priority.LOW),
        ("toll", WhenFull.DROP_OLDEST, Priority.HIGH),
        ("road", WhenFull.DROP_OLDEST, Priority.NORMAL),
    ):
        batcher.open_queue(name, 4, when_full, priority).put(frame(name, 0))
    order = [f.camera_id for _ in range(2) for f in batcher.next_batch(everything, 0)]
    assert order == ["toll", "road", "square", "file"]


def test_frames_that_became_old_are_dropped_but_for_the_newest_of_a_camera() -> None:
    now_s = time.monotonic()
    batcher = FairBatcher(10, 0, max_age_s=2.0)
    live = batcher.open_queue("live", 4, WhenFull.DROP_NEWEST)
    stale = batcher.open_queue("stale", 4, WhenFull.DROP_OLDEST)
    file = batcher.open_queue("file", 4, WhenFull.WAIT)
    for index in range(4):
        live.put(frame("live", index, arrived_s=now_s - 5 + index))
        stale.put(frame("stale", index, arrived_s=now_s - 50))
        file.put(frame("file", index, arrived_s=now_s - 50))
    got = Counter(f.camera_id for f in batcher.next_batch(everything, 0))
    assert got == {"live": 1, "stale": 1, "file": 4}
    assert live.snapshot().drops == stale.snapshot().drops == {"late": 3}
    assert live.dropped_by_overload == 3


def test_the_time_without_frames_is_known() -> None:
    batcher = FairBatcher(2, 0)
    assert batcher.next_batch(everything, 0.02) == []
    assert batcher.waited_s >= 0.02
    batcher.open_queue("a", 4, WhenFull.WAIT).put(frame("a", 0))
    before = batcher.waited_s
    assert len(batcher.next_batch(everything, 60)) == batcher.taken == 1
    assert batcher.waited_s - before < 30


def test_a_camera_that_was_not_seen_for_a_minute_comes_before_higher_priorities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = [1000.0]
    monkeypatch.setattr("pipeline.engine.fair_batcher.time.monotonic", lambda: now_s[0])
    batcher = FairBatcher(1, 0)
    toll = batcher.open_queue("toll", 4, WhenFull.DROP_OLDEST, Priority.HIGH)
    square = batcher.open_queue("square", 4, WhenFull.DROP_OLDEST, Priority.LOW)
    order: list[str] = []
    for index in range(130):
        now_s[0] += 1
        toll.put(frame("toll", index))
        square.put(frame("square", index))
        order += [f.camera_id for f in batcher.next_batch(everything, 0)]
    assert Counter(order) == {"toll": 128, "square": 2}
