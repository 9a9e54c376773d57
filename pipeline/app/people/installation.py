"""First set-up of a registry: institution, sector, two administrators, retention."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import open_registry
from pipeline.domain.people import NewPerson, RegisteredInstitution, RegisteredPerson, Sector, Validity
from pipeline.domain.ports import Clock
from pipeline.domain.requester import Requester
from pipeline.errors import RegistryError
from pipeline.storage.register_location import note_registry

__all__ = ["FirstSetUp", "Installed", "set_up"]

_INIT = "init"
"""Stands in the registry for the person who set it up: there is no login yet."""
_ADMINISTRATORS = 2
"""No one approves their own request, so one administrator could do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSetUp:
    """Answers to the questions of the set-up.

    Attributes:
        institution: the general administration; sector: its first sector.
        administrators: two persons; their ``institution`` and ``sector`` are those.
        validity: of their registration, training, term and role.
    """

    institution: RegisteredInstitution
    sector: Sector
    administrators: tuple[NewPerson, ...]
    validity: Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What a set-up made.

    Attributes:
        register: the database; audit: folder of the audit.
        invitations: code of each administrator, with which they set password and second factor.
        administrators: as registered.
    """

    register: str
    audit: str
    administrators: tuple[RegisteredPerson, ...]
    invitations: tuple[str, ...]


def set_up(
    where: str, stores: ConfiguredStores, requester: Requester, answers: FirstSetUp, clock: Clock | None = None
) -> Installed:
    """Make institution, sector, and two general administrators with invitations.

    Args:
        where: the database, created if it does not exist.
        stores: name audit and screen; requester: the operating system's user.
        answers: see `FirstSetUp`; clock: None for the machine's.

    Raises:
        RegistryError: there is an institution already, or a value is not possible; nothing is made of it.
    """
    if len(answers.administrators) != _ADMINISTRATORS:
        raise RegistryError(
            "administrators", f"are {len(answers.administrators)}", "Name two: no one approves their own request"
        )
    with open_registry(where, stores, requester, clock=clock, create=True, set_up=False) as opened:
        registry = opened.registry
        logins = [one.login for one in answers.administrators]
        invitations = registry.install(
            answers.institution, answers.sector, answers.administrators, answers.validity, _INIT
        )
        note_registry(stores.data_dir, where)
        made = tuple(registry.person(login) for login in logins)
        return Installed(
            register=registry.subject,
            audit=str(stores.audit_dir),
            administrators=made,
            invitations=invitations,
        )
