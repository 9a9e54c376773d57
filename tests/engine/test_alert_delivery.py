"""What follows from the events of a run leaves with them, and a kill leaves no incident without an end."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import AlertEvent, Event, PlateReadEvent
from pipeline.domain.incident import IncidentAction
from pipeline.engine.alert_delivery import AlertDelivery
from pipeline.engine.alert_rules import AlertRules
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.engine.incident_watch import IncidentWatch
from pipeline.engine.open_incidents import OpenIncidents
from pipeline.governance.incident_register import IncidentRegister
from pipeline.observe.metrics import PipelineMetrics
from pipeline.policy.gate import Gate
from tests.alerting.plates.test_vehicle_rules import PLACES, read, rules
from tests.engine.test_event_dispatcher import SmallSink
from tests.governance.entries import StoppedClock
from tests.governance.test_incident_register import ONE, step

CAMERAS = {name: Camera(name, Scope.PUBLIC_ROAD) for name in (*PLACES, ONE.camera_id)}


class Run:
    """A run with live cameras, of which one reads a clone."""

    def __init__(self, folder: Path, *cameras: str, people: IncidentWatch | None = None) -> None:
        self.sink = SmallSink(1000)
        gate = Gate({name: CAMERAS[name] for name in cameras}, CAMERAS)
        self.rules = AlertRules()
        self.rules._vehicles = rules()
        self.delivery = AlertDelivery(
            EventDispatcher(gate, [self.sink], 1000, PipelineMetrics()),
            self.rules,
            opened=OpenIncidents(folder),
            people=people,
            is_live=lambda camera_id: camera_id in cameras,
            clock=StoppedClock(),
        )
        self.delivery.begin()

    def reported(self) -> list[tuple[str, str]]:
        return [(one.rule, one.phase) for one in self.sink.taken if isinstance(one, AlertEvent)]


CLONE: list[Event] = [read("ABC1D23", "norte", 1000), read("ABC1D23", "sul", 1060)]


def test_an_alert_leaves_with_the_reads_that_it_follows_from(tmp_path: Path) -> None:
    run = Run(tmp_path, "norte", "sul")
    sent = run.delivery.send(CLONE)
    assert [type(one) for one in sent] == [PlateReadEvent, PlateReadEvent, AlertEvent]
    assert sent == run.sink.taken
    assert run.reported() == [("possible-clone", "begun")]


def test_reads_that_the_gate_refuses_make_no_clone(tmp_path: Path) -> None:
    run = Run(tmp_path, "norte")
    assert run.delivery.send(CLONE) == CLONE[:1]
    assert run.reported() == []


@pytest.mark.parametrize("cameras", [("norte", "sul"), ("norte",)], ids=["the same cameras", "without the camera"])
def test_after_a_kill_the_next_run_ends_what_was_open_once(tmp_path: Path, cameras: tuple[str, ...]) -> None:
    Run(tmp_path, "norte", "sul").delivery.send(CLONE)
    assert Run(tmp_path, *cameras).reported() == [("possible-clone", "ended")]
    assert Run(tmp_path, *cameras).reported() == []


def test_what_has_ended_by_itself_is_not_ended_again(tmp_path: Path) -> None:
    run = Run(tmp_path, "norte", "sul")
    run.delivery.send(CLONE)
    run.delivery.send(run.rules.close())
    assert run.reported() == [("possible-clone", "begun"), ("possible-clone", "ended")]
    assert Run(tmp_path, "norte", "sul").reported() == []


def test_steps_of_people_are_told_once(tmp_path: Path) -> None:
    clock = StoppedClock()
    register = IncidentRegister(tmp_path / "register.db", lambda _: None, clock, create=True)
    people = IncidentWatch(str(tmp_path / "register.db"), tmp_path, clock)
    people.refresh()
    run = Run(tmp_path, "norte", people=people)
    clock.sleep(2)
    register.add_step(ONE, step("ana", IncidentAction.ESCALATE, text="traffic agents"))
    clock.sleep(2)
    people.refresh()
    run.delivery.send_steps()
    run.delivery.send_steps()
    assert run.reported() == [(ONE.rule, "escalated")]
