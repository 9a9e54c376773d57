"""Plates of a camera at the host of one that may not read them are refused until their scenes are declared apart."""

from __future__ import annotations

from pipeline.domain.camera import Camera, Scope
from pipeline.engine.host_conflicts import HostConflicts
from pipeline.policy.gate import Gate, Refusal
from tests.event_samples import plate_read


def test_plates_are_refused_and_alerted_until_the_pair_is_declared() -> None:
    gate = Gate({"road": Camera("road", Scope.PUBLIC_ROAD), "square": Camera("square", Scope.PUBLIC_SQUARE)})
    now_ms = [0]
    hosts = HostConflicts(gate, lambda: now_ms[0])
    assert hosts.check() == []
    assert not isinstance(gate.admit(plate_read(1, camera="road")), Refusal)
    hosts.declare([("road", "square")])
    (alert,) = hosts.check()
    assert (alert.camera_id, alert.subject, alert.rule) == ("road", "square", "scene-conflict")
    assert not isinstance(gate.admit(alert), Refusal)
    refused = gate.admit(plate_read(1, camera="road"))
    assert isinstance(refused, Refusal)
    assert "host of camera square" in refused.reason
    assert hosts.check() == []
    now_ms[0] = 3_600_000
    assert len(hosts.check()) == 1
    gate.forbid_plates("road", "square", "by its images")
    hosts.declare([])
    assert hosts.check() == []
    assert gate.why_no_plates("road") == "by its images"
