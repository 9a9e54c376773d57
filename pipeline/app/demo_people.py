"""People and cameras of the demo, so that its console can be tried: made once, with secrets that are shown once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.activation import begin_activation, finish_activation
from pipeline.app.people.installation import FirstSetUp, set_up
from pipeline.app.people.open_registry import OpenRegistry, open_registry
from pipeline.domain.account import InstitutionKind
from pipeline.domain.camera import Camera
from pipeline.domain.camera_registration import NewCamera, OwnerKind
from pipeline.domain.clock import SystemClock
from pipeline.domain.people import NewPerson, RegisteredInstitution, Sector, Validity
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.governance.login_secrets import totp_code
from pipeline.policy.scope import allows_plates

__all__ = ["DemoLogin", "add_people"]

_BODY: Final = "demonstracao"
_SECTOR: Final = "central"
_MOST_DAYS: Final = 3650
"""For which a sector may retain."""
_YEAR_MS: Final = 365 * 86_400_000
_ADMINISTRATORS: Final = {"admin": "Ana Administradora", "admin2": "Bia Administradora"}
"""Two, as no one approves their own request."""
_OTHERS: Final[Mapping[str, tuple[str, Role]]] = {
    "operador": ("Otto Operador", Role.OPERATOR),
    "analista": ("Caio Analista", Role.INTELLIGENCE_ANALYST),
    "disponibilizacao": ("Davi Disponibilizador", Role.DISCLOSURE_OFFICER),
    "auditor": ("Elisa Auditora", Role.AUDITOR),
}


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """How a person of the demo logs in.

    Attributes:
        login, password: as typed; role: theirs.
        secret: of the one-time codes, for an authenticator app; address: the same, as ``otpauth://``.
    """

    login: str
    role: Role
    password: str
    secret: str
    address: str


def add_people(where: str, stores: ConfiguredStores, cameras: Mapping[str, Camera]) -> tuple[DemoLogin, ...]:
    """Set up people and cameras; empty where it was done before.

    Args:
        where: the register; stores: of the demo; cameras: those that it registers, by id.

    Raises:
        ReleaseError, RegistryError: the register cannot be made.
    """
    requester, now_ms = Requester.of_process(), SystemClock().wall_ms()
    with open_registry(where, stores, requester, create=True, set_up=False) as opened:
        if opened.registry.is_set_up:
            return ()
    validity = Validity(now_ms, now_ms + _YEAR_MS)
    body = RegisteredInstitution(
        institution_id=_BODY, name="Demonstração viapublica", kind=InstitutionKind.SECURITY, central=True
    )
    people = [_person(login, name, number, validity) for number, (login, name) in enumerate(_names().items())]
    first, second = people[:2]
    days = max((stores.retention.personal_days(one) or _MOST_DAYS for one in cameras), default=_MOST_DAYS)
    answers = FirstSetUp(
        institution=body,
        sector=Sector(institution_id=_BODY, sector_id=_SECTOR, name="Central", retention_days=days),
        administrators=(first, second),
        validity=validity,
    )
    invitations = dict(zip(_ADMINISTRATORS, set_up(where, stores, requester, answers).invitations, strict=True))
    with open_registry(where, stores, requester) as opened:
        registry, by = opened.registry, first.login
        for one in people[2:]:
            registry.register([one], by)
            registry.train(one.login, validity, by)
            registry.sign_term(one.login, validity, by)
            registry.grant(one.login, _OTHERS[one.login][1], validity, by)
            invitations[one.login] = registry.invite(one.login, by)
        for one, other in ((first, second), (second, first)):  # who adds a camera sees its image
            registry.grant(one.login, Role.OBSERVER, validity, other.login)
        for camera in cameras.values():
            registry.register_camera(_camera(camera), by)
            registry.approve_project(camera.camera_id, second.login)
        return tuple(_activated(opened, invitations))


def _names() -> dict[str, str]:
    return _ADMINISTRATORS | {login: name for login, (name, _) in _OTHERS.items()}


def _person(login: str, name: str, number: int, validity: Validity) -> NewPerson:
    return NewPerson(
        login=login,
        name=name,
        document=f"matricula {number + 1}",
        institution=_BODY,
        sector=_SECTOR,
        validity=validity,
    )


def _camera(camera: Camera) -> NewCamera:
    return NewCamera(
        camera_id=camera.camera_id,
        institution=_BODY,
        sector=_SECTOR,
        owner_kind=OwnerKind.PUBLIC,
        owner="Demonstração",
        scope=camera.scope,
        location=camera.name,
        project="demonstração",
        plates_by="demonstração" if allows_plates(camera.scope) else "",
    )


def _activated(opened: OpenRegistry, invitations: Mapping[str, str]) -> Iterator[DemoLogin]:
    """Set password and second factor of everyone."""
    for login, invitation in invitations.items():
        secret, address = begin_activation(opened, login, invitation)
        password = secrets.token_urlsafe(12)
        code = totp_code(secret, opened.clock.wall_ms())
        finish_activation(opened, login, invitation, password=password, secret=secret, code=code)
        role = _OTHERS[login][1] if login in _OTHERS else Role.GENERAL_ADMINISTRATOR
        yield DemoLogin(login, role, password, secret, address)
