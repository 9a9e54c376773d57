"""Institutions, people and cameras for tests of the registry, and a listener of its changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.account import InstitutionKind
from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import NewCamera, OwnerKind
from pipeline.domain.people import NewPerson, RegisteredInstitution, Sector, Validity
from pipeline.domain.registry_change import RegistryChange
from pipeline.governance.login_secrets import totp_code
from pipeline.governance.registry import Registry
from tests.governance.entries import StoppedClock

DAY_MS = 86_400_000
PASSWORD = "quatro cavalos verdes correm"
DOCUMENTS = {"ana": "529.982.247-25", "bia": "111.444.777-35", "caio": "123.456.789-09"}


@dataclass
class Changes:
    """Collects the changes of a registry; refuses them where `failure` is set."""

    seen: list[RegistryChange] = field(default_factory=list)
    failure: Exception | None = None

    def __call__(self, change: RegistryChange) -> None:
        if self.failure is not None:
            raise self.failure
        self.seen.append(change)

    @property
    def actions(self) -> list[str]:
        return [change.action for change in self.seen]


def year(clock: StoppedClock) -> Validity:
    return Validity(clock.now_ms, clock.now_ms + 365 * DAY_MS)


def person(clock: StoppedClock, login: str, **values: Any) -> NewPerson:
    wanted: dict[str, Any] = {
        "login": login,
        "name": f"{login.capitalize()} Souza",
        "document": DOCUMENTS.get(login, f"matrícula {sum(map(ord, login))}".replace("í", "i")),
        "institution": "ceic",
        "sector": "central",
        "validity": year(clock),
    }
    return NewPerson(**(wanted | values))


def camera(clock: StoppedClock, camera_id: str = "av-brasil-900", **values: Any) -> NewCamera:
    wanted: dict[str, Any] = {
        "camera_id": camera_id,
        "institution": "padaria",
        "sector": "loja",
        "owner_kind": OwnerKind.FIRM,
        "owner": "Padaria Estrela",
        "scope": Scope.PUBLIC_ROAD,
        "location": "Avenida Brasil, 900",
        "project": "PI-12/2026",
        "agreement": "TC-7/2026",
        "agreement_validity": year(clock),
    }
    return NewCamera(**(wanted | values))


def set_up(registry: Registry) -> None:
    """Two institutions with a sector each."""
    for name, title, kind, central in (
        ("ceic", "Centro Integrado de Comando", InstitutionKind.PUBLIC, True),
        ("padaria", "Padaria Estrela", InstitutionKind.PARTNER, False),
    ):
        registry.add_institution(RegisteredInstitution(institution_id=name, name=title, kind=kind, central=central))
    registry.add_sector(Sector(institution_id="ceic", sector_id="central", name="Central"))
    registry.add_sector(Sector(institution_id="padaria", sector_id="loja", name="Loja", has_local_unit=False))


def activated(registry: Registry, clock: StoppedClock, login: str) -> str:
    """Invites and activates a registered person; the secret of their codes."""
    invitation = registry.invite(login, "root")
    secret, _ = registry.prepare_activation(login, invitation)
    registry.activate(login, invitation, PASSWORD, secret, totp_code(secret, clock.now_ms))
    clock.now_ms += 30_000
    return secret
