"""Registered cameras: who may register, approve and sanction them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.cameras.camera_administration import CameraAdministration
from pipeline.app.people.administration import Administration
from pipeline.domain.account import InstitutionKind
from pipeline.domain.camera_registration import NewSanction, SanctionKind
from pipeline.domain.people import RegisteredInstitution, Sector
from pipeline.errors import PolicyError
from tests.app.people.conftest import city, installed  # noqa: F401 - fixtures
from tests.app.people.installations import Office
from tests.governance.people import DAY_MS, camera


@pytest.fixture
def partner(city: Office) -> Office:  # noqa: F811
    """A city with a partner's camera that ana registered."""
    with city.opened("ana") as opened:
        office = Administration(opened)
        office.add_institution(
            RegisteredInstitution(institution_id="padaria", name="Padaria Estrela", kind=InstitutionKind.PARTNER)
        )
        office.add_sector(Sector(institution_id="padaria", sector_id="loja", name="Loja", has_local_unit=False))
        CameraAdministration(opened).register(camera(city.clock))
    return city


def test_a_camera_is_registered_by_one_and_approved_by_another(partner: Office) -> None:
    with partner.opened("ana") as opened, pytest.raises(PolicyError, match="no one approves their own request"):
        CameraAdministration(opened).approve("av-brasil-900")
    with partner.opened("bia") as opened:
        found = CameraAdministration(opened).approve("av-brasil-900")
    assert (found.registered_by, found.approved_by) == ("ana", "bia")
    assert found.why_stopped(partner.clock.now_ms) == ""
    last = partner.audit()[-1]
    assert (last["operation"], last["account"]) == ("camera-approval", "bia")


def test_a_sanction_needs_the_prior_defence_and_is_audited(partner: Office) -> None:
    suspension = NewSanction(
        camera_id="av-brasil-900",
        kind=SanctionKind.SUSPENSION,
        reason="falta de manutenção",
        infraction_ms=partner.clock.now_ms - 30 * DAY_MS,
        until_ms=partner.clock.now_ms + 30 * DAY_MS,
    )
    with partner.opened("bia") as opened:
        cameras = CameraAdministration(opened)
        with pytest.raises(PolicyError, match="prior defence"):
            cameras.impose(suspension)
        heard = NewSanction(
            camera_id=suspension.camera_id,
            kind=suspension.kind,
            reason=suspension.reason,
            infraction_ms=suspension.infraction_ms,
            until_ms=suspension.until_ms,
            defence="defesa de 3 de novembro",
        )
        assert "suspended" in cameras.impose(heard).why_stopped(partner.clock.now_ms)
        rescission = NewSanction(camera_id="av-brasil-900", kind=SanctionKind.RESCISSION, reason="a pedido do parceiro")
        assert "rescinded" in cameras.impose(rescission).why_stopped(partner.clock.now_ms)
    outcomes = [(one["operation"], one["outcome"]) for one in partner.audit()[-3:]]
    assert outcomes == [("sanction", "refused"), ("sanction", "allowed"), ("rescission", "allowed")]


def test_cameras_are_shown_to_administrators_only(partner: Office, tmp_path: Path) -> None:
    with partner.opened("ana") as opened:
        assert [one.camera_id for one in CameraAdministration(opened).cameras()] == ["av-brasil-900"]
    with partner.opened("root") as opened, pytest.raises(PolicyError, match="has no account"):
        CameraAdministration(opened).cameras()
