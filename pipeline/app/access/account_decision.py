"""Decisions for the account of the person who acts, on the bodies whose cameras an operation concerns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.app.access.access_door import QUERY_LIMIT, QueryLimitReached, RefusedAccess, stated_purpose
from pipeline.app.access.plate_fingerprints import plate_fingerprints
from pipeline.app.access.sign_in import acting
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.acting_person import Wanted, records_target
from pipeline.app.people.open_registry import OpenRegistry, open_registry
from pipeline.domain.account import Account
from pipeline.domain.audit import Outcome
from pipeline.domain.camera_registration import RegisteredCamera
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.plural import counted
from pipeline.domain.query_use import LIMITED, QueryUse
from pipeline.domain.requester import Requester
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import PolicyError
from pipeline.policy.access.request import Target

_STATABLE = frozenset({"no-purpose", "case-number", "case-number-format"})
_STATE_IT = "State what is missing: --purpose PURPOSE --case NUMBER; docs/reference/access.md has the purposes"
_UNREGISTERED = "unregistered"
"""Stands for the sector of cameras without an entry: only the general administration has them."""


@dataclass(frozen=True, slots=True)
class AskedOperation:
    """An operation that a person wants to do; see `AccessDoor.decide`."""

    operation: Operation
    cameras: tuple[str, ...] = ()
    material: Material | None = None
    plates: tuple[str, ...] = ()


def decide_for_account(
    where: str, stores: ConfiguredStores, requester: Requester, asked: AskedOperation
) -> Mapping[str, Any]:
    """Decide on an operation for each body whose cameras it concerns; see `AccessDoor.decide`.

    Args:
        where: the registry; stores: name audit and screen; requester: with purpose and case; asked: the operation.

    Raises:
        RefusedAccess: one of them refuses; audited.
        PolicyError: the session ended, or the user has no account; audited.
    """
    with open_registry(where, stores, requester) as registry:
        return decide_for_person(acting(registry, where), stores, requester, asked)


def name_of_account(where: str, stores: ConfiguredStores, requester: Requester, by: str) -> str:
    """See `AccessDoor.named`.

    Raises:
        PolicyError: no one is recognized, or `by` is another person.
    """
    with open_registry(where, stores, requester) as registry:
        return registered_name(acting(registry, where), by)


def registered_name(opened: OpenRegistry, by: str) -> str:
    """The same, for the person of an open registry; the user of the operating system stands for them."""
    person = opened.actor.person()
    own = (person.name, person.login, person.system_user, opened.requester.user)
    if _folded(by) not in {_folded(name) for name in own if name}:
        raise PolicyError(
            f"--by {by}",
            f"is not the person who acts here, {person.login} ({person.name})",
            "Leave --by out, or let that person log in: viapublica login LOGIN",
            policy="personal-account",
        )
    return person.name


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def decide_upkeep(
    where: str, stores: ConfiguredStores, requester: Requester, asked: AskedOperation
) -> Mapping[str, Any]:
    """Decide on upkeep, which timers of the service do as well: the owner of the data folder, who is no one's account.

    Arguments and errors as of `decide_for_account`.
    """
    with open_registry(where, stores, requester) as registry:
        held = acting(registry, where)
        is_account = held is not registry or registry.registry.has_system_user(requester.user)
        if not is_account and _owns(stores.data_dir):
            return {"details": {"by": "service"}}
        return decide_for_person(held, stores, requester, asked)


def _owns(folder: Path) -> bool:
    """Whether this process's user owns a folder."""
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def decide_for_person(
    opened: OpenRegistry, stores: ConfiguredStores, requester: Requester, asked: AskedOperation
) -> Mapping[str, Any]:
    """The same, for the person of an open registry."""
    person = opened.actor.person()
    account = None
    all_cameras = () if asked.operation.material is Material.RECORDS else tuple(stores.cameras or ())
    wanted = wanted_operation(opened, person, requester, asked)
    for target in _targets(opened, person, asked.cameras or all_cameras):
        shared = shared_with(opened, wanted, target.institution, target.sector)
        wanted = replace(wanted, target=replace(target, shared_with=shared))
        try:
            account = opened.actor.authorize(wanted)
        except PolicyError as error:
            fix = _STATE_IT if error.policy in _STATABLE or error.policy.startswith("purpose-") else error.fix
            raise RefusedAccess(
                error.subject, error.problem, fix, policy=error.policy, portuguese=error.portuguese
            ) from error
    assert account is not None  # noqa: S101 - there is a target always
    if asked.operation in LIMITED:
        _note_query(opened, stores, requester, asked, account)
    return {"account": account.person, "institution": account.institution, "role": account.role.value}


def wanted_operation(
    opened: OpenRegistry, person: RegisteredPerson, requester: Requester, asked: AskedOperation
) -> Wanted:
    """An operation as it is decided on, with the approvals that the person has; its target is their own records."""
    operation = asked.operation
    plates = plate_fingerprints(opened.stores, asked.plates)
    return Wanted(
        operation=operation,
        target=records_target(person.institution, person.sector),
        purpose=stated_purpose(requester, operation),
        case_number=requester.case,
        material=asked.material,
        approval=opened.registry.approval_for(person.login, operation, requester.case),
        standing_order=opened.registry.standing_order_for(person.login, operation),
        own_interest=bool(plates) and opened.registry.owns_any(person.login, plates),
        facts={"cameras": asked.cameras, "plates": asked.plates},
    )


def shared_with(opened: OpenRegistry, wanted: Wanted, institution: str, sector: str) -> frozenset[str]:
    """Bodies that an agreement lets do an operation on the cameras of a sector (decree 18.743/2014 art. 4)."""
    return opened.registry.shared_with(institution, sector, wanted.operation, wanted.purpose)


def _note_query(
    opened: OpenRegistry, stores: ConfiguredStores, requester: Requester, asked: AskedOperation, account: Account
) -> None:
    """Remember a permitted search; refuse it where the account has made as many as it may."""
    limit = stores.query_limits.of(account.role)
    use = QueryUse(
        login=account.person,
        institution=account.institution,
        role=account.role,
        operation=asked.operation,
        case_number=requester.case,
        asked_ms=opened.clock.wall_ms(),
        plates=plate_fingerprints(opened.stores, asked.plates),
    )
    wait_ms = opened.registry.note_query(use, limit)
    if not wait_ms:
        return
    facts = {"cameras": asked.cameras, "plates": asked.plates}
    opened.actor.note(asked.operation, outcome=Outcome.REFUSED, policy=QUERY_LIMIT, **facts)
    minutes = -(-wait_ms // MINUTE_MS)
    raise QueryLimitReached(
        f"person {account.person}",
        f"has made as many searches as the role of {account.role.english} may: {limit.per_hour} an hour, "
        f"{limit.per_day} a day",
        f"Ask again in {counted(minutes, 'minute')}; query_limits of the configuration has the limits",
        -(-wait_ms // 1000),
    )


def _targets(opened: OpenRegistry, person: RegisteredPerson, cameras: Sequence[str]) -> Iterator[Target]:
    """One for each body of the cameras; of operations without cameras, the person's own records.

    Plates of sensitive places and of cameras that may read none are in no answer at all, so they do not count.
    """
    registered = {one.camera_id: one for one in opened.registry.cameras()}
    now_ms = opened.clock.wall_ms()
    bodies: dict[tuple[str, str], list[RegisteredCamera]] = {}
    for camera_id in cameras:
        found = registered.get(camera_id)
        if found is None:
            body = (person.institution, person.sector) if person.central else (_UNREGISTERED, _UNREGISTERED)
            bodies.setdefault(body, [])
        else:
            bodies.setdefault((found.institution, found.sector), []).append(found)
    for (institution, sector), own in (bodies or {(person.institution, person.sector): []}).items():
        yield Target(
            institution=institution,
            sector=sector,
            plates_allowed=True,
            sensitive=False,
            suspended=any(one.stopped_by(now_ms) is not None for one in own),
            project_approved=all(one.approved_ms is not None for one in own),
        )
