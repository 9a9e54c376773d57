"""An incident about a vehicle goes on from camera to camera, names the one before, and ends when it is not seen."""

from __future__ import annotations

import msgspec

from pipeline.domain.alert_figures import Figure, decode_figures
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.event_identity import UNIDENTIFIED, is_own_id
from pipeline.domain.events import AlertEvent, AlertRule, IncidentPhase, Severity, decode, encode
from pipeline.domain.locale import Locale
from pipeline.domain.vehicle_incidents import VehicleIncidents

HOUR_MS = 3_600_000


def seen(camera_id: str, ts_ms: int) -> AlertEvent:
    return AlertEvent(
        event_id=UNIDENTIFIED,
        camera_id=camera_id,
        ts_ms=ts_ms,
        rule=AlertRule.LISTED_PLATE.value,
        severity=Severity.CRITICAL,
        figures="entry=12",
        first_ts_ms=ts_ms - 400,
    )


def test_it_goes_on_from_camera_to_camera_and_ends_an_hour_after_the_last() -> None:
    incidents = VehicleIncidents(HOUR_MS)
    first = incidents.add(12, seen("cam-1", 1000))
    second = incidents.add(12, seen("cam-2", 241_000))
    other = incidents.add(13, seen("cam-1", 2000))
    assert [one.phase for one in (first, second, other)] == ["begun", "updated", "begun"]
    assert first.incident == second.incident != other.incident
    assert (second.first_ts_ms, second.subject, second.evidence) == (600, "cam-1", str(first.event_id))
    assert decode_figures(second.figures)[Figure.CAMERAS] == 2
    said = "A plate of a list was read: entry 12; 4 min after cam-1, at 2 cameras"
    assert alert_sentence(second) == f"Still: {said}"
    assert "4 min depois de cam-1" in alert_sentence(second, Locale.PT_BR)
    (ended,) = incidents.due(2000 + HOUR_MS)
    assert (ended.incident, ended.phase) == (other.incident, IncidentPhase.ENDED)
    (ended,) = incidents.due(241_000 + HOUR_MS)
    assert (ended.incident, ended.phase, ended.ts_ms) == (first.incident, "ended", 241_000 + HOUR_MS)
    assert ended.evidence == f"{first.event_id} {second.event_id}"
    assert incidents.add(12, seen("cam-1", 2 * HOUR_MS)).incident != first.incident


def test_no_more_than_a_thousand_are_open_and_all_end_with_the_run() -> None:
    incidents = VehicleIncidents(HOUR_MS)
    opened = [incidents.add(number, seen("cam-1", number)).incident for number in range(1003)]
    assert [one.incident for one in incidents.due(1003)] == opened[:3]
    assert {one.incident for one in incidents.close(2000)} == set(opened[3:])
    assert incidents.close(2000) == []


def test_every_alert_is_a_valid_event_under_its_own_id() -> None:
    incidents = VehicleIncidents(HOUR_MS)
    alerts = [incidents.add(1, seen(f"cam-{number}", number * 1000)) for number in range(20)]
    for one in [*alerts, *incidents.close(30_000)]:
        assert msgspec.structs.asdict(decode(encode(one))) == msgspec.structs.asdict(one)
        assert is_own_id(one.event_id, encode(one))
