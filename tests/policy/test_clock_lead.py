"""Events ahead of time are refused by the gate, at every door."""

from __future__ import annotations

from pipeline.domain.camera import Camera, Scope
from pipeline.policy.clock_lead import ClockLead
from pipeline.policy.gate import Gate, Refusal, RefusalRule
from tests.event_samples import START_MS, plate_read

LEAD = ClockLead(60, lambda: START_MS)


def test_the_limit_is_inclusive_and_its_reason_names_no_time() -> None:
    assert LEAD.refusal(plate_read(1, ts_ms=START_MS + 60_000)) is None
    refusal = LEAD.refusal(plate_read(1, ts_ms=START_MS + 60_001))
    assert refusal is not None
    assert refusal.rule is RefusalRule.CLOCK
    assert refusal.reason == "its time is in the future: the clock of its camera, or of this machine, is wrong"


def test_new_and_waiting_events_are_refused_alike() -> None:
    gate = Gate({"cam-1": Camera("cam-1", Scope.PUBLIC_ROAD)}, conditions=[LEAD.refusal])
    late, early = plate_read(1), plate_read(1, ts_ms=START_MS + 90_000)
    assert gate.admit(late) == gate.admit_stored(late) == late
    for answer in (gate.admit(early), gate.admit_stored(early)):
        assert isinstance(answer, Refusal)
        assert answer.rule is RefusalRule.CLOCK
