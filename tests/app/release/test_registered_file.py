"""Standing of a file in the register: current, superseded, refused, or of no or an earlier approval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.app.audit.audited_operation import operation_audit
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.release.registered_file import Standing, registered_files
from pipeline.domain.disclosure import Content
from pipeline.errors import PolicyError
from tests.governance.entries import REGION, SHA, StoppedClock, built_file, request, signed

NEXT = "ef" * 32


@pytest.fixture
def register(tmp_path: Path) -> Iterator[AuditedRegister]:
    with AuditedRegister(
        str(tmp_path / "register.db"), operation_audit(None, tmp_path / "data"), clock=StoppedClock(), create=True
    ) as opened:
        yield opened


@pytest.fixture
def number(register: AuditedRegister, tmp_path: Path) -> str:
    """A disclosure with one file."""
    source = Content(file_name="street.mp4", file_sha256="cd" * 32)
    entered = register.request(request(content=source), signed(tmp_path)).number
    register.approve(entered, "Beatriz Lima")
    register.built(entered, built_file(), "Carla")
    return entered


def standing(register: AuditedRegister, sha256: str = SHA) -> list[tuple[str, Standing, bool]]:
    return [(one.number, one.standing, one.permitted) for one in registered_files(register, sha256)]


def test_the_newest_file_of_an_approved_disclosure_is_current(register: AuditedRegister, number: str) -> None:
    assert standing(register) == [(number, Standing.CURRENT, True)]
    assert standing(register, "cd" * 32) == [], "the original was not built here"
    assert standing(register, "0" * 64) == []


def test_an_earlier_file_is_superseded_by_a_later_one(register: AuditedRegister, number: str) -> None:
    register.built(number, built_file(NEXT, "later.mp4"), "Dora", rebuild="a sign was masked")
    assert standing(register) == [(number, Standing.SUPERSEDED, True)]
    assert registered_files(register, SHA)[0].detail.startswith("later.mp4 was built on 2026-11-23")
    assert standing(register, NEXT) == [(number, Standing.CURRENT, True)]


def test_a_refusal_after_the_build_shows_with_its_reason(register: AuditedRegister, number: str) -> None:
    register.refuse(number, "Beatriz Lima", "the recipient withdrew")
    assert standing(register) == [(number, Standing.REFUSED, False)]
    assert "by Beatriz Lima on 2026-11-23" in registered_files(register, SHA)[0].detail
    assert registered_files(register, SHA)[0].detail.endswith(": the recipient withdrew")


def test_a_file_whose_approval_ended_is_not_permitted(register: AuditedRegister, number: str) -> None:
    register.request_exemption(number, REGION, "a statue", "Ana Souza")
    assert standing(register) == [(number, Standing.NOT_APPROVED, False)]


def test_a_file_of_an_earlier_approval_is_neither_delivered_nor_permitted(
    register: AuditedRegister, tmp_path: Path
) -> None:
    source = Content(file_name="street.mp4", file_sha256="cd" * 32)
    number = register.request(request(content=source), signed(tmp_path)).number
    register.approve(number, "Beatriz Lima")
    build_under_present_approval(register, number, SHA)
    exempted = register.request_exemption(number, REGION, "a statue", "Ana Souza")
    register.exemption_shown(number, exempted.exemption_id, b"png", "Carla")
    register.confirm_exemption(number, exempted.exemption_id, "Carla")
    register.approve(number, "Dora Reis")
    assert standing(register) == [(number, Standing.EARLIER_APPROVAL, False)]
    assert registered_files(register, SHA)[0].detail.startswith("Dora Reis approved other conditions on 2026-11-23")
    with pytest.raises(PolicyError, match=r"approved anew by Dora Reis after release.mp4 was built.*--rebuild REASON"):
        register.delivered(number, "Carla")
    build_under_present_approval(register, number, NEXT, rebuild="approved anew")
    assert standing(register, NEXT) == [(number, Standing.CURRENT, True)]
    assert standing(register) == [(number, Standing.EARLIER_APPROVAL, False)], "it is not merely superseded"
    assert register.delivered(number, "Carla").delivered_by == "Carla"
    assert register.journal(number)[-1].details["change"] == {
        "sha256": NEXT,
        "approval_sha256": register.check_conditions(number, None),
    }


def build_under_present_approval(register: AuditedRegister, number: str, sha256: str, rebuild: str = "") -> None:
    """Register a file as `release build` does."""
    file = built_file(sha256)
    approved = register.check_conditions(number, None)
    register.built(number, replace(file, policy={**file.policy, "approval_sha256": approved}), "Carla", rebuild=rebuild)
