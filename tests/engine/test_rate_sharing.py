"""In an overload, rates are lowered evenly within a priority and lower priorities first; they return by themselves."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.camera import Priority
from pipeline.engine.rate_sharing import Offer, RateControl, share_rates

HIGH, NORMAL, LOW = Priority


class Machine:
    """Cameras with a rate each, and an analyzer of a given speed; limits apply from one second to the next."""

    def __init__(self, speed: float, cameras: Mapping[str, tuple[Priority, float]]) -> None:
        self.now_s = 0.0
        self.speed = speed
        self.cameras = dict(cameras)
        self.control = RateControl(lambda: self.now_s)
        self._offered = dict.fromkeys(cameras, 0.0)
        self._taken = 0.0
        self._waited_s = 0.0

    def rates(self, seconds: int) -> dict[str, float]:
        """What each camera may send after some seconds."""
        for _ in range(seconds):
            self.now_s += 1.0
            sent = {id_: min(fps, self.control.limits.get(id_, fps)) for id_, (_, fps) in self.cameras.items()}
            done = min(self.speed, sum(sent.values()))
            self._taken += done
            self._waited_s += 1.0 - done / self.speed
            for camera_id, (_, fps) in self.cameras.items():
                self._offered[camera_id] += fps
            offers = [Offer(id_, priority, int(self._offered[id_])) for id_, (priority, _) in self.cameras.items()]
            assert self.control.due
            self.control.update(offers, int(self._taken), self._waited_s)
        return {id_: min(fps, self.control.limits.get(id_, fps)) for id_, (_, fps) in self.cameras.items()}


def test_lower_priorities_are_lowered_first_and_none_is_left_blind() -> None:
    plates, roads, squares = (
        {f"{name}-{n}": (priority, 10.0) for n in range(4)}
        for name, priority in (("plate", HIGH), ("road", NORMAL), ("square", LOW))
    )
    rates = Machine(70.0, plates | roads | squares).rates(10)
    assert all(rates[camera] == 10 for camera in plates)
    assert all(5 < rates[camera] < 7 for camera in roads)
    assert all(0.1 < rates[camera] <= 0.2 for camera in squares)
    assert sum(rates.values()) <= 70


@pytest.mark.parametrize("speed", [3.0, 12.0, 60.0, 150.0])
def test_sixty_four_cameras_share_evenly_whatever_they_send(speed: float) -> None:
    cameras = {f"cam-{n}": (NORMAL, fps) for n, fps in zip(range(64), itertools.cycle([60, 25, 12, 5]), strict=False)}
    rates = Machine(speed, cameras).rates(10)
    assert max(rates.values()) / min(rates.values()) <= 1.5
    assert 0.7 * speed <= sum(rates.values()) <= speed


def test_a_camera_that_sends_less_than_its_share_keeps_every_frame() -> None:
    rates = Machine(20.0, {"slow": (NORMAL, 1.0), "a": (NORMAL, 60.0), "b": (NORMAL, 25.0)}).rates(10)
    assert rates["slow"] == 1
    assert rates["a"] == rates["b"] == pytest.approx(9, rel=0.05)


@pytest.mark.parametrize("relief", ["faster", "fewer cameras", "fewer frames"])
def test_every_rate_is_back_within_ten_seconds_of_relief(relief: str) -> None:
    machine = Machine(10.0, {f"cam-{n}": (NORMAL, 10.0) for n in range(16)})
    assert max(machine.rates(30).values()) < 1
    if relief == "faster":
        machine.speed = 200.0
    elif relief == "fewer cameras":
        machine.cameras = {"cam-0": (NORMAL, 9.0)}
    else:
        machine.cameras = dict.fromkeys(machine.cameras, (NORMAL, 0.5))
    assert machine.rates(9) == {camera_id: fps for camera_id, (_, fps) in machine.cameras.items()}
    assert machine.control.limits == {}


def test_without_an_overload_no_rate_is_limited() -> None:
    machine = Machine(100.0, {f"cam-{n}": (LOW, 5.0) for n in range(16)})
    for _ in range(20):
        machine.rates(1)
        assert machine.control.limits == {}


def test_a_file_takes_its_share_and_no_more() -> None:
    control = RateControl(iter([0.0, 10.0]).__next__)
    offers = [Offer("file", NORMAL, None), Offer("slow", NORMAL, 0), Offer("road", NORMAL, 0)]
    assert control.update(offers, 100, 0.0) == {}, "what the cameras offer is not known yet"
    shares = share_rates(30.0, {"file": (NORMAL, math.inf), "slow": (NORMAL, 2.0), "road": (NORMAL, 25.0)})
    assert shares == pytest.approx({"file": 14.0, "slow": 2.0, "road": 14.0})


@given(
    st.floats(0.1, 500),
    st.dictionaries(st.text("abcdef", min_size=1), st.tuples(st.sampled_from(Priority), st.floats(0, 60)), min_size=1),
)
def test_shares_never_exceed_the_machine_and_never_invert_the_priorities(
    capacity: float, wanted: dict[str, tuple[Priority, float]]
) -> None:
    shares = share_rates(capacity, wanted)
    assert sum(shares.values()) <= capacity * 1.000001
    cut = {id_ for id_, fps in shares.items() if fps < wanted[id_][1] - 1e-9}
    if not cut:
        return
    assert sum(shares.values()) == pytest.approx(capacity), "nothing is left over while a camera lacks frames"
    for camera_id, other in itertools.product(cut, shares):
        if wanted[camera_id][0].rank <= wanted[other][0].rank:
            assert shares[other] <= shares[camera_id] + 1e-6


@pytest.mark.parametrize(("speed", "size"), [(1.0, 1), (7.0, 3), (100.0, 8)])
def test_a_slow_machine_has_small_batches_so_that_frames_do_not_wait_for_each_other(speed: float, size: int) -> None:
    machine = Machine(speed, {f"cam-{n}": (NORMAL, 5.0) for n in range(16)})
    assert machine.control.batch_size(8) == 8, "not known yet"
    machine.rates(10)
    assert machine.control.batch_size(8) == size
