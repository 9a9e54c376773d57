"""`viapublica camera register`, `approve`, `suspend` and others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli.people.conftest import city, quick_secrets, run  # noqa: F401 - fixtures

_BODY = "prefeitura-de-vila-nova/guarda-municipal"


def _registered(folder: Path, *more: str) -> Result:
    return run(
        folder,
        *("camera", "register", "loja-12", "--body", _BODY, "--scope", "public-road", "--owner", "Padaria Estrela"),
        *("--location", "Rua da Igreja, 12", *more),
    )


@pytest.fixture
def partner(city: Path) -> Path:  # noqa: F811
    """A city with a firm's camera that ana registered."""
    agreement = ("--owner-kind", "firm", "--agreement", "TC-7/2026", "--until", "2035-01-01")
    done = _registered(city, *agreement, "--project", "PI-3/2026", "--plates-by", "Portaria 3/2026")
    assert done.exit_code == 0, done.output
    assert "another person approves it: viapublica camera approve loja-12" in done.stderr
    return city


def test_a_camera_needs_the_approval_of_another_person(partner: Path) -> None:
    done = run(partner, "camera", "approve", "loja-12")
    assert "no one approves their own request" in str(done.exception)
    (listed,) = [json.loads(line) for line in run(partner, "camera", "registered", "--json").stdout.splitlines()]
    assert (listed["camera_id"], listed["owner_kind"], listed["approved_ms"]) == ("loja-12", "firm", None)
    assert "may run" not in run(partner, "camera", "registered").stdout


def test_a_firms_camera_needs_an_agreement(city: Path) -> None:  # noqa: F811
    assert "no cooperation agreement" in str(_registered(city, "--owner-kind", "firm").exception)


def test_a_suspension_needs_the_prior_defence_and_can_be_lifted(partner: Path) -> None:
    begin = ("camera", "suspend", "loja-12", "--reason", "falta de manutenção", "--rendered", "2026-10-01")
    assert "prior defence" in str(run(partner, *begin, "--until", "2027-05-31").exception)
    heard = run(partner, *begin, "--until", "2027-05-31", "--defence", "processo 8/2026, folha 12")
    assert heard.exit_code == 0, heard.output
    assert "may not run: it is suspended" in heard.stderr
    assert "not approved" in run(partner, "camera", "resume", "loja-12").stderr
    warned = run(
        partner,
        *("camera", "warn", "loja-12", "--reason", "câmera suja", "--defence", "processo 9/2026"),
        *("--rendered", "2026-10-01"),
    )
    assert warned.exit_code == 0, warned.output
    ended = run(partner, "camera", "rescind", "loja-12", "--reason", "a pedido do parceiro", "--yes")
    assert "rescinded" in ended.stderr


def test_masks_are_recorded_as_versions(partner: Path) -> None:
    file = partner / "masks.json"
    file.write_text("[[[0, 0], [0.5, 0], [0.5, 0.5]]]")
    words = ("camera", "masks", "loja-12", "masks.json", "--reason", "janela do sobrado", "--json")
    assert json.loads(run(partner, *words).stdout)["masks"][0]["version"] == 1
    file.write_text('{"a": 1}')
    assert "has no polygons" in str(run(partner, *words).exception)


def test_a_new_project_is_approved_anew(partner: Path) -> None:
    done = run(partner, "camera", "amend", "loja-12", "--project", "PI-9/2026")
    assert "not approved" in done.stderr
    assert "is not changed" in str(run(partner, "camera", "amend", "loja-12").exception)
