"""A redaction leaves an exempted thing unmasked only in frames in which it appears as usual."""

from __future__ import annotations

from pipeline.anonymize.manual_regions import ManualRegions
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import Redactor
from pipeline.domain.redaction import OverlayText
from tests.anonymize.test_exempted_appearance import frame
from tests.anonymize.test_exemptions import AROUND, STATUE, masked, video
from tests.app.anonymize.test_canary_check import Drawn

FRAMES, THERE = 260, range(100, 130)


def test_a_person_in_front_of_an_exempted_statue_is_masked() -> None:
    usual, other = frame(), frame(person=True)
    drawn = Drawn([other if number in THERE else usual for number in range(FRAMES)])
    redactor = Redactor(drawn, AnonymizeSettings(), OverlayText(), Silent(), ManualRegions(exempt=(AROUND,)))
    plan = redactor.plan(video(*[[STATUE]] * FRAMES))
    hidden = masked(plan, STATUE, FRAMES)
    assert set(THERE) <= hidden
    assert len(hidden) <= len(THERE) + 26, "and half a second around them"
