"""After a kill the next run reports the ends of the incidents that were open."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.event_files import find_event_files
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertEvent, IncidentPhase
from pipeline.engine.open_incidents import OpenIncidents
from pipeline.policy.gate import Gate
from tests.event_samples import alert

INCIDENT = "0123456789abcdef01234567"


def incident_alert(phase: IncidentPhase, incident: str = INCIDENT, number: int = 1) -> AlertEvent:
    facts = {"rule": "stopped-vehicle", "label": "car", "figures": "seconds=45", "incident": incident, "phase": phase}
    return identified(msgspec.structs.replace(alert(number), detail="", **facts))


def test_what_was_open_ends_also_when_its_camera_was_removed(tmp_path: Path) -> None:
    killed = OpenIncidents(tmp_path)
    begun, updated = incident_alert(IncidentPhase.BEGUN), incident_alert(IncidentPhase.UPDATED, number=2)
    killed.begin([begun])
    killed.begin([updated, incident_alert(IncidentPhase.NONE, "")])
    later = OpenIncidents(tmp_path)
    (ended,) = later.left(updated.ts_ms + 60_000)
    assert (ended.incident, ended.phase, ended.ts_ms) == (INCIDENT, "ended", updated.ts_ms + 60_000)
    assert alert_sentence(ended) == "Ended: A car has not moved; its end was not seen"
    assert Gate({}, {ended.camera_id: Camera(ended.camera_id, Scope.PUBLIC_ROAD)}).admit_stored(ended) == ended
    assert OpenIncidents(tmp_path).left(0) != [], "until it was sent"
    later.end([ended])
    assert OpenIncidents(tmp_path).left(0) == []


def test_what_has_ended_is_forgotten(tmp_path: Path) -> None:
    run = OpenIncidents(tmp_path)
    run.begin([incident_alert(IncidentPhase.BEGUN), incident_alert(IncidentPhase.BEGUN, "1" * 24)])
    run.end([incident_alert(IncidentPhase.ENDED)])
    assert [one.incident for one in OpenIncidents(tmp_path).left(0)] == ["1" * 24]


def test_a_damaged_file_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "open-incidents.jsonl").write_bytes(b"no json")
    run = OpenIncidents(tmp_path)
    assert run.left(0) == []
    run.begin([incident_alert(IncidentPhase.BEGUN)])
    assert len(OpenIncidents(tmp_path).left(0)) == 1


def test_an_erasure_reaches_them(tmp_path: Path) -> None:
    """They say where a vehicle stood, by its track."""
    begun = incident_alert(IncidentPhase.BEGUN)
    OpenIncidents(tmp_path).begin([begun, incident_alert(IncidentPhase.BEGUN, "1" * 24, number=2)])
    (files,) = find_event_files(ConfiguredStores.of_data_dir(tmp_path))
    (path,) = files.files()
    assert files.erase(path, lambda event: INCIDENT.encode() in event) == 1
    assert [one.incident for one in OpenIncidents(tmp_path).left(0)] == ["1" * 24]
