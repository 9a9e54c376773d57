"""Rules of a configuration on the sessions of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.alerting.usual_file import UsualFiles
from pipeline.config.settings import Config
from pipeline.domain.events import AlertEvent
from pipeline.domain.incident_feedback import Tuning
from pipeline.engine.alert_rules import AlertRules
from tests.alerting.road import Mover, drives, passing, stops
from tests.analytics.street import Blank, frame, tracks

LANE = {
    "name": "lane",
    "kind": "lane",
    "polygon": [[0, 0.4], [1, 0.4], [1, 0.72], [0, 0.72]],
    "heading": [[0, 0.5], [1, 0.5]],
}
CARS = [Mover(1, stops(600, 10, until_s=50)), *passing(until_s=90)]


def config(tmp_path: Path, **camera: Any) -> Config:
    one = {"id": "cam", "source": "rtsp://10.0.0.7/x", "scope": "public-road", "areas": {"zones": [LANE]}, **camera}
    return Config.model_validate({"data_dir": tmp_path, "cameras": [one]})


def watch(
    config: Config, rules: AlertRules, seconds: float, *, live: bool, cars: list[Mover] = CARS
) -> list[AlertEvent]:
    """The alerts of one session, at five frames per second."""
    observer = rules.observer(config, config.cameras[0], frame(0), live=live)
    events: list[Any] = []
    for at_s in (number / 5 for number in range(round(seconds * 5))):
        boxes = {one.track_id: (one.label, box) for one in cars if (box := one.box(at_s)) is not None}
        assert observer.observe(replace(frame(at_s), arrived_s=at_s, image=Blank()), tracks(boxes)) == ()
        events += observer.settle([], 0)
    return [*events, *observer.close()]


def test_a_recorded_video_makes_its_alerts_itself_and_the_same_ones_again(tmp_path: Path) -> None:
    first, again = (watch(config(tmp_path), AlertRules(), 95, live=False) for _ in range(2))
    assert [event.phase for event in first] == ["begun", "ended"]
    assert {event.rule for event in first} == {"stopped-vehicle"}
    assert first == again


@pytest.mark.parametrize(
    "settings",
    [
        {"alerts": {"off": ["stopped-vehicle"]}},
        {"alerts": {"thresholds": {"stopped_s": 60}}},
        {"areas": {}},
    ],
    ids=["rule off", "longer threshold", "no zone"],
)
def test_a_cameras_own_settings_hold(tmp_path: Path, settings: dict[str, Any]) -> None:
    assert watch(config(tmp_path, **settings), AlertRules(), 60, live=False) == []


def test_live_cameras_share_incidents_that_survive_a_reconnection(tmp_path: Path) -> None:
    rules = AlertRules(UsualFiles(tmp_path))
    assert watch(config(tmp_path), rules, 40, live=True) == []
    assert [event.phase for event in rules.close()] == ["begun", "ended"]
    assert (tmp_path / "usual-figures" / "cam.json").is_file()


def test_at_a_sensitive_place_alerts_lead_to_no_track(tmp_path: Path) -> None:
    events = watch(config(tmp_path, surroundings=["clinic"]), AlertRules(), 40, live=False)
    assert events
    assert {(event.track_id, event.x2) for event in events} == {(0, 0.0)}


def test_a_closed_period_is_of_a_restricted_zone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"lane.*is no restricted zone"):
        config(tmp_path, alerts={"closed": {"lane": ["22:00-06:00"]}})
    with pytest.raises(ValueError, match=r"22h.*write it like 22:00-06:00"):
        config(tmp_path, alerts={"closed": {"lane": ["22h-6h"]}})
    with pytest.raises(ValueError, match="is no rule that can be switched off"):
        config(tmp_path, alerts={"off": ["camera-lost"]})


@pytest.mark.parametrize(
    ("live", "thresholds", "alerts"),
    [(True, {}, 0), (False, {}, 2), (True, {"stopped_s": 20}, 2)],
    ids=["a default", "recorded video", "a stated one"],
)
def test_feedback_moves_thresholds_of_live_cameras_that_are_not_stated(
    tmp_path: Path, live: bool, thresholds: dict[str, float], alerts: int
) -> None:
    tuned = {("cam", "stopped-vehicle"): Tuning(threshold=2.0)}
    rules = AlertRules(tunings=lambda: tuned)
    events = watch(config(tmp_path, alerts={"thresholds": thresholds}), rules, 40, live=live)
    assert len([*events, *rules.close()]) == alerts


def test_a_camera_that_was_driven_past_makes_none(tmp_path: Path) -> None:
    assert watch(config(tmp_path), AlertRules(), 40, live=False, cars=[Mover(1, drives(150))]) == []
