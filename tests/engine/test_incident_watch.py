"""A run reports what people do with incidents, once, and takes their closings over as feedback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.channels.routing import AlertRoute
from pipeline.channels.settings import WebhookSettings
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import AlertEvent, IncidentPhase
from pipeline.domain.incident import CloseReason, Incident, IncidentAction, incident_id
from pipeline.domain.incident_feedback import Tuning
from pipeline.domain.locale import Locale
from pipeline.engine.incident_watch import IncidentWatch
from pipeline.governance.incident_register import IncidentRegister
from pipeline.policy.gate import Gate
from tests.channels.messages import SECRET
from tests.governance.entries import StoppedClock
from tests.governance.test_incident_register import ONE, step

KEY = (ONE.camera_id, ONE.rule)


class Office:
    """A register of incidents, and a run that watches it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = StoppedClock()
        self.register = IncidentRegister(folder / "register.db", lambda _: None, self.clock, create=True)
        self.run = self.restarted()
        self.run.refresh()

    def restarted(self) -> IncidentWatch:
        return IncidentWatch(str(self.folder / "register.db"), self.folder, self.clock)

    def do(
        self, action: IncidentAction, reason: CloseReason | None = None, text: str = "", one: Incident = ONE
    ) -> None:
        self.clock.sleep(2)
        self.register.add_step(one, step("ana", action, reason=reason, text=text))

    def reported(self) -> list[AlertEvent]:
        self.clock.sleep(2)
        self.run.refresh()
        alerts = self.run.events()
        self.run.sent(self.run.pending)
        return alerts


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_each_step_is_told_once_without_the_person_and_their_words(office: Office) -> None:
    office.do(IncidentAction.ACKNOWLEDGE)
    office.do(IncidentAction.COMMENT, text="tow truck on its way")
    office.do(IncidentAction.ESCALATE, text="traffic agents")
    office.do(IncidentAction.CLOSE, CloseReason.FALSE)
    alerts = office.reported()
    assert [(one.phase, one.severity, one.detail) for one in alerts] == [
        ("acknowledged", ONE.severity, ""),
        ("escalated", "critical", ""),
        ("closed", ONE.severity, "false"),
    ]
    assert {(one.incident, one.rule, one.camera_id, one.evidence) for one in alerts} == {
        (ONE.incident, ONE.rule, ONE.camera_id, "")
    }
    assert office.reported() == []
    assert [alert_sentence(one) for one in alerts[1:]] == [
        "Incident escalated: stopped vehicle",
        "Incident closed as a false alarm: stopped vehicle",
    ]
    assert alert_sentence(alerts[1], Locale.PT_BR) == "Ocorrência encaminhada: veículo parado"
    gate = Gate({}, {ONE.camera_id: Camera(ONE.camera_id, Scope.PUBLIC_ROAD)})
    assert [gate.admit_stored(one) for one in alerts] == alerts, "the camera may be removed already"


def test_channels_send_escalations_only(office: Office) -> None:
    office.do(IncidentAction.ACKNOWLEDGE)
    office.do(IncidentAction.ESCALATE, text="traffic agents")
    office.do(IncidentAction.CLOSE, CloseReason.TRUE)
    settings = WebhookSettings.model_validate(
        {"name": "cco", "type": "webhook", "url": "https://cco.example/", "secret": {"password": SECRET}}
    )
    sent = [one.phase for one in office.reported() if AlertRoute(settings).has(one)]
    assert sent == [IncidentPhase.ESCALATED]


def test_an_alert_that_is_part_of_no_incident_is_the_evidence_of_its_steps(office: Office) -> None:
    alone = "6617e8dc-9479-8cde-8ddd-ca3cbf300000"
    office.do(IncidentAction.ACKNOWLEDGE, one=replace(ONE, incident=alone, rule="camera-lost"))
    (alert,) = office.reported()
    assert (alert.incident, alert.evidence, incident_id(alert)) == ("", alone, alone)


def test_after_a_restart_it_goes_on_where_it_was_and_after_a_kill_it_repeats(office: Office) -> None:
    office.do(IncidentAction.ACKNOWLEDGE)
    (first,) = office.reported()
    office.do(IncidentAction.ESCALATE, text="traffic agents")
    office.run = office.restarted()
    office.run.refresh()
    (second,) = office.run.events()
    assert (second.phase, second.event_id == first.event_id) == ("escalated", False)
    office.run = office.restarted()  # killed before it was noted
    assert office.reported() == [second]
    office.run = office.restarted()
    assert office.reported() == []


def test_a_new_installation_does_not_tell_the_past_and_old_steps_are_not_told(office: Office) -> None:
    office.do(IncidentAction.ACKNOWLEDGE)
    fresh = IncidentWatch(str(office.folder / "register.db"), office.folder / "other", office.clock)
    (office.folder / "other").mkdir()
    fresh.refresh()
    assert fresh.pending == 0
    office.clock.sleep(2 * 86_400)
    assert office.reported() == []
    office.do(IncidentAction.ESCALATE, text="traffic agents")
    assert len(office.reported()) == 1


def test_closings_are_feedback_until_it_is_undone(office: Office) -> None:
    assert office.reported() == []
    assert office.run.tunings == {}
    office.do(IncidentAction.CLOSE, CloseReason.FALSE)
    office.reported()
    assert office.run.tunings == {KEY: Tuning(1.15)}
    office.clock.sleep(2)
    assert office.register.closed(ONE.incident[:8]).incident == ONE.incident
    office.register.undo_feedback(ONE.incident, "bia")
    office.reported()
    assert office.run.tunings == {}


def test_without_a_register_there_is_nothing_to_tell(tmp_path: Path) -> None:
    watch = IncidentWatch(str(tmp_path / "none.db"), tmp_path)
    watch.refresh()
    assert (watch.events(), watch.tunings) == ([], {})
