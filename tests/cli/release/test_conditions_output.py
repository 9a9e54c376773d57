"""What the approving person is shown: the camera's declarations and the exempted regions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.cli.release.output import show_changed, show_conditions
from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.disclosure import EVIDENCE, Disclosure, DisclosureState, Exemption, LegalBasis
from pipeline.domain.recording import SegmentDigest
from pipeline.policy.approval import CameraConditions, conditions_of
from tests.governance.entries import REGION, request

MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.3))
NOW = CameraDeclaration(
    Camera("praca", Scope.PUBLIC_SQUARE, surroundings=frozenset({Surroundings.TEMPLE})), "", (MASK,)
)
THEN = CameraDeclaration(Camera("praca", Scope.PUBLIC_ROAD))
FOUND = Disclosure("2026/000001", 0, request())


def test_the_camera_is_shown_as_configured_and_as_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    show_conditions(conditions_of(FOUND, CameraConditions(NOW, (THEN,))))
    text = " ".join(capsys.readouterr().err.split())
    assert "approved: camera praca in the configuration: public-square, temple, 1 privacy mask" in text
    assert "camera praca in the recording: public-road, no sensitive surroundings, 0 privacy masks" in text


def test_ignored_areas_are_shown_as_what_stays_readable(capsys: pytest.CaptureFixture[str]) -> None:
    show_conditions(conditions_of(FOUND, CameraConditions(replace(NOW, ignore=(MASK,)), (THEN,))))
    text = " ".join(capsys.readouterr().err.split())
    assert "1 privacy mask, 1 ignored area in which captions stay readable" in text


def test_the_content_of_a_recording_is_shown_by_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    recording = (SegmentDigest(0, 60_000, "ab" * 32), SegmentDigest(60_000, 120_000, "cd" * 32))
    show_conditions(conditions_of(FOUND, CameraConditions(NOW, (THEN,), recording)))
    assert "approved: 2 recorded files by their SHA-256" in " ".join(capsys.readouterr().err.split())


def test_confirmed_exemptions_are_shown_with_their_area(capsys: pytest.CaptureFixture[str]) -> None:
    confirmed = Exemption(3, REGION, "a statue", "Ana", 0, "Carla", 1)
    show_conditions(conditions_of(replace(FOUND, exemptions=(confirmed, replace(confirmed, confirmed_by=""))), None))
    lines = capsys.readouterr().err.splitlines()
    assert "exemption 3: box 0.1, 0.2, 0.3, 0.4 (4% of the image), from 1.5 s to 19 s" in " ".join(lines)


@pytest.mark.parametrize("basis", list(LegalBasis))
def test_the_next_step_names_the_document_of_the_basis(basis: LegalBasis, capsys: pytest.CaptureFixture[str]) -> None:
    show_changed(replace(FOUND, request=replace(request(), basis=basis)), as_json=False)
    text = " ".join(capsys.readouterr().err.split())
    assert f"add the recipient's {'requisition' if basis.requisitions else 'signed declaration'}: viapublica" in text


def test_the_next_step_of_evidence_names_all_options_of_its_build(capsys: pytest.CaptureFixture[str]) -> None:
    approved = replace(FOUND, request=replace(request(), style=EVIDENCE), state=DisclosureState.APPROVED)
    show_changed(approved, as_json=False)
    assert "--evidence --recipient-certificate FILE --config FILE" in " ".join(capsys.readouterr().err.split())
