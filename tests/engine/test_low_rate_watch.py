"""A live camera that delivers less than is configured is reported with the cause, and an overload is not one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from pipeline.domain.camera import Camera as DeclaredCamera
from pipeline.domain.camera import Scope
from pipeline.domain.events import AlertEvent, Event, HealthEvent
from pipeline.domain.ports import SourceState, SourceStatus
from pipeline.engine.low_rate_watch import CameraRate, LowRateWatch
from pipeline.policy.event_texts import bounded_detail
from pipeline.policy.gate import Gate
from pipeline.store.details_portuguese import portuguese_detail


class Camera:
    """A camera whose frames are counted by hand, and a clock."""

    def __init__(self, analyze_fps: float | None = 10) -> None:
        self.now_s = 0.0
        self.watch = LowRateWatch(lambda: self.now_s, lambda: 1_790_000_000_000 + int(self.now_s * 1000))
        self.analyze_fps = analyze_fps
        self.state = SourceState.STREAMING
        self.stream_id = "5e5510"
        self.delivered = self.damaged = 0
        self.drops: Counter[str] = Counter()
        self.check(0)

    def check(
        self, delivered: float, seconds: float = 30, overloaded: float = 0, damaged: float = 0, **drops: float
    ) -> list[Event]:
        """Some time goes by, with these frames per second."""
        self.now_s += seconds
        self.delivered += round(delivered * seconds)
        self.drops.update({reason: round(fps * seconds) for reason, fps in drops.items()})
        self.damaged += round(damaged * seconds)
        status = SourceStatus(
            self.state,
            stream_id=self.stream_id,
            damaged=self.damaged,
            delivered=self.delivered,
            drops=dict(self.drops),
        )
        return self.watch.check([CameraRate("road", self.analyze_fps, status)], {"road"} if overloaded else ())


def states(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [(event.state, event.detail) for event in events if isinstance(event, HealthEvent)]


@pytest.mark.parametrize(
    ("rates", "detail"),
    [
        ({"delivered": 3.1}, "only 3.1 arrive: check its frame rate and the network"),
        (
            {"delivered": 6, "sampled": 6, "corrupt": 13},
            "its timestamps do not advance with time: check its clock and firmware",
        ),
        (
            {"delivered": 6, "sampled": 1, "corrupt": 5},
            "5.0 of 12.0 frames per second are damaged: check the network and the bit rate",
        ),
    ],
    ids=["few arrive", "timestamps", "damaged"],
)
def test_a_low_rate_is_a_state_and_an_alert_with_its_cause(rates: dict[str, float], detail: str) -> None:
    camera = Camera()
    events = camera.check(**rates)
    (alert,) = [event for event in events if isinstance(event, AlertEvent)]
    whole = f"{rates['delivered']:.1f} frames per second are analyzed instead of 10: {detail}"
    assert (alert.rule, alert.camera_id, alert.detail) == ("low-rate", "road", whole)
    assert states(events) == [("low-rate", whole)]
    assert camera.watch.details == {"road": whole}
    gate = Gate({"road": DeclaredCamera("road", Scope.PUBLIC_ROAD)})
    assert [gate.admit(event) for event in events] == list(events)
    assert bounded_detail(whole, "road") == whole
    assert "inglês" not in portuguese_detail(whole)
    assert camera.check(**rates) == [], "nothing new is nothing to report"
    assert states(camera.check(10, sampled=15)) == [("streaming", "")]
    assert camera.watch.details == {}


@pytest.mark.parametrize(
    "rates",
    [
        {"delivered": 10, "sampled": 15},
        {"delivered": 8.5},
        {"delivered": 0.5, "overload": 9.5, "sampled": 15},
        {"delivered": 3, "overloaded": 1},
    ],
    ids=["as configured", "nearly", "lowered by an overload", "overloaded"],
)
def test_what_is_configured_and_what_an_overload_leaves_out_is_no_low_rate(rates: dict[str, float]) -> None:
    assert Camera().check(**rates) == []


def test_where_every_frame_is_wanted_damage_is_reported() -> None:
    camera = Camera(None)
    assert camera.check(25, corrupt=1) == []
    (state,) = states(camera.check(20, corrupt=5))
    assert state == ("low-rate", "5.0 of 25.0 frames per second are damaged: check the network and the bit rate")


@pytest.mark.parametrize("analyze_fps", [None, 10])
def test_images_with_concealed_parts_are_reported_although_enough_are_analyzed(analyze_fps: float | None) -> None:
    camera = Camera(analyze_fps)
    assert camera.check(12, sampled=13, damaged=2) == []
    (state,) = states(camera.check(12, sampled=13, damaged=9))
    assert state[0] == "low-rate"
    assert state[1].endswith("9.0 of 25.0 frames per second are damaged: check the network and the bit rate")
    assert states(camera.check(12, sampled=13, damaged=1)) == [("streaming", "")]


def test_a_time_in_which_a_camera_was_interrupted_or_began_anew_is_not_judged() -> None:
    camera = Camera()
    camera.state = SourceState.STALLED
    assert camera.check(1) == []
    camera.state = SourceState.STREAMING
    assert camera.check(1) == []
    camera.stream_id = "5e5511"
    assert camera.check(1) == []
    assert states(camera.check(1))[0][0] == "low-rate"


def test_a_low_rate_is_repeated_once_an_hour_and_forgotten_with_its_camera() -> None:
    camera = Camera()
    assert sum(len(camera.check(2)) for _ in range(245)) == 2 * 3
    camera.watch.forget("road")
    assert camera.watch.details == {}
