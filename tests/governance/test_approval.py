"""Approvals: for the conditions that were approved, and for no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.disclosure import Content, Disclosure, DisclosureState
from pipeline.domain.recording import SegmentDigest
from pipeline.errors import PolicyError
from pipeline.governance.register import Register
from pipeline.policy.approval import CameraConditions, check_conditions, conditions_of
from tests.governance.entries import REGION, SHA, built_file, request, signed

MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.3), (0.0, 0.3))
DECLARED = CameraDeclaration(Camera("av-brasil-900", Scope.PUBLIC_ROAD), "ab" * 32, (MASK,))
RECORDED = SegmentDigest(1_795_341_720_000, 1_795_341_780_000, "ab" * 32)
LATER = SegmentDigest(RECORDED.end_ms, RECORDED.end_ms + 60_000, "cd" * 32)
CAMERA = CameraConditions(DECLARED, (DECLARED,), (RECORDED,))


def requested(register: Register, folder: Path) -> str:
    return register.request(request(), signed(folder)).number


def test_the_journal_holds_what_was_approved(register: Register, tmp_path: Path) -> None:
    number = requested(register, tmp_path)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    change = register.journal(number)[-1].details["change"]
    assert change["conditions"]["camera"]["masks"] == [[list(corner) for corner in MASK]]
    assert change["conditions"]["style"] == "fill"
    assert change["conditions_sha256"] == register.check_conditions(number, CAMERA)
    assert register.built(number, built_file(), "Carla", CAMERA).state is DisclosureState.BUILT


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (None, "the camera's declaration"),
        (replace(CAMERA, declared=replace(DECLARED, masks=())), r"the camera's privacy masks \(1 approved, 0 now\)"),
        (replace(CAMERA, declared=replace(DECLARED, ignore=(MASK,))), "the camera's ignored areas"),
        (replace(CAMERA, declared=replace(DECLARED, source_sha256="cd" * 32)), "the camera's source"),
        (replace(CAMERA, declared=replace(DECLARED, rotate=90)), "the camera's rotate"),
        (replace(CAMERA, declared=replace(DECLARED, zones=(("lane", MASK),))), "the camera's zones"),
        (
            replace(CAMERA, declared=replace(DECLARED, camera=Camera("av-brasil-900", Scope.PUBLIC_SQUARE))),
            "the camera's scope",
        ),
        (replace(CAMERA, recorded=()), r"declarations stored with the recording \(1 approved, 0 now\)"),
        (replace(CAMERA, recorded=(replace(DECLARED, masks=()),)), "declarations stored with the recording"),
        (
            replace(CAMERA, recording=(replace(RECORDED, sha256="ef" * 32),)),
            r"the recording of 2026-11-22 10:02:00 \+00:00 to .* 10:03:00 \+00:00 is not the one that was approved",
        ),
        (
            replace(CAMERA, recording=()),
            r"the recording of 2026-11-22 10:02:00 \+00:00 to 2026-11-22 10:03:00 \+00:00 is missing",
        ),
        (replace(CAMERA, recording=(RECORDED, LATER)), "the recording of .*10:03:00 .* to .* was not there"),
    ],
)
def test_a_camera_that_changed_since_the_approval_needs_a_new_decision(
    register: Register, tmp_path: Path, now: CameraConditions | None, words: str
) -> None:
    number = requested(register, tmp_path)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    with pytest.raises(PolicyError, match=f"under other conditions; changed since: .*{words}"):
        register.check_conditions(number, now)
    with pytest.raises(PolicyError, match=words):
        register.built(number, built_file(), "Carla", now)
    assert register.get(number).files == ()
    register.approve(number, "Beatriz Lima", camera=now)
    assert register.built(number, built_file(), "Carla", now).state is DisclosureState.BUILT


def test_an_approval_of_an_earlier_version_binds_no_content_and_is_decided_anew() -> None:
    found = Disclosure("2026/000001", 0, request())
    present = conditions_of(found, CAMERA)
    earlier = {key: value for key, value in present.items() if key != "recording"}
    with pytest.raises(PolicyError, match=r"the content of the recording \(not part of the approval\)"):
        check_conditions(found, earlier, present)
    of_file = conditions_of(found, None)
    check_conditions(found, of_file, of_file)
    assert "recording" not in of_file, "approvals of files hold the file's digest, and stay valid"


def test_an_unchanged_approval_is_not_given_twice_and_never_by_the_person_who_entered_it(
    register: Register, tmp_path: Path
) -> None:
    number = requested(register, tmp_path)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    with pytest.raises(PolicyError, match="already approved"):
        register.approve(number, "Carla", camera=CAMERA)
    with pytest.raises(PolicyError, match="cannot also approve"):
        register.approve(number, "ANA SOUZA", camera=None)


@pytest.mark.parametrize("built", [False, True])
def test_an_exemption_after_the_approval_ends_it(register: Register, tmp_path: Path, built: bool) -> None:
    number = requested(register, tmp_path)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    if built:
        register.built(number, built_file(), "Carla", CAMERA)
    entered = register.request_exemption(number, REGION, "a statue", "Ana Souza")
    assert register.get(number).state is DisclosureState.REQUESTED
    assert register.journal(number)[-1].details["change"]["ended_approval_of"] == "Beatriz Lima"
    with pytest.raises(PolicyError, match="is not approved"):
        register.may_build(number)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    register.exemption_shown(number, entered.exemption_id, b"png", "Carla")
    register.confirm_exemption(number, entered.exemption_id, "Carla")
    with pytest.raises(PolicyError, match="is not approved"):
        register.may_build(number)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    exempted = register.journal(number)[-1].details["change"]["conditions"]["exemptions"]
    assert exempted == {str(entered.exemption_id): REGION}
    assert register.check_journal() is None


def test_a_file_of_an_earlier_approval_is_not_registered(register: Register, tmp_path: Path) -> None:
    number = requested(register, tmp_path)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    earlier = register.check_conditions(number, CAMERA)
    register.request_exemption(number, REGION, "a statue", "Ana Souza")
    register.exemption_shown(number, 1, b"png", "Carla")
    register.confirm_exemption(number, 1, "Carla")
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    file = replace(built_file(), policy={"approval_sha256": earlier})
    with pytest.raises(PolicyError, match="was approved anew while it was being built"):
        register.built(number, file, "Carla", CAMERA)


def test_a_delivered_disclosure_gets_no_exemption(register: Register, tmp_path: Path) -> None:
    number = register.request(request(content=Content(file_name="a.mp4", file_sha256=SHA)), signed(tmp_path)).number
    register.approve(number, "Beatriz Lima")
    register.built(number, built_file(), "Carla")
    register.delivered(number, "Carla")
    with pytest.raises(PolicyError, match="was already delivered"):
        register.request_exemption(number, REGION, "a statue", "Ana Souza")


def test_exemptions_are_small_together(register: Register, tmp_path: Path) -> None:
    number = requested(register, tmp_path)
    register.request_exemption(number, REGION, "a statue", "Ana Souza")
    for box in ([0, 0, 1, 1], [0.5, 0.5, 0.8, 0.8]):
        with pytest.raises(PolicyError, match="of the image from redaction"):
            register.request_exemption(number, REGION | {"box": box}, "actors who agreed", "Ana Souza")
    assert len(register.get(number).exemptions) == 1


def test_a_second_file_needs_a_reason_that_the_journal_stores(register: Register, tmp_path: Path) -> None:
    number = requested(register, tmp_path)
    register.approve(number, "Beatriz Lima", camera=CAMERA)
    with pytest.raises(PolicyError, match="has no file yet"):
        register.built(number, built_file(), "Carla", CAMERA, rebuild="lost")
    register.built(number, built_file(), "Carla", CAMERA)
    with pytest.raises(PolicyError, match=r"already has release\.mp4, built by Carla"):
        register.built(number, built_file("ef" * 32), "Carla", CAMERA)
    register.built(number, built_file("ef" * 32), "Carla", CAMERA, rebuild="a sign was masked")
    assert register.journal(number)[-1].details["change"]["rebuild"] == "a sign was masked"
