"""Requests of the persons concerned, for people with an account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.app.access.acting import acting_as
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.acting_person import Wanted, records_target
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.rights.subject_requests import SubjectRequestService
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.domain.subject_request import SubjectRequestRecord


@contextmanager
def permitted_request_service(
    opened: OpenRegistry, where: str, stores: ConfiguredStores, case: str
) -> Iterator[SubjectRequestService]:
    """The requests in the name of a person; addressed to the general administration, its people handle them.

    Args:
        opened: the registry, for the person; where: the register.
        stores: name the audit; case: number of the case.

    Raises:
        PolicyError: the person may not, or names no case.
        ReleaseError: the register cannot be read.
    """
    person = opened.actor.person()
    body, sectors = next(one for one in opened.registry.institutions() if one[0].central)
    own = (person.institution, person.sector)
    institution, sector = own if person.central else (body.institution_id, sectors[0].sector_id)
    opened.actor.authorize(
        Wanted(
            operation=Operation.SUBJECT_REQUEST,
            target=records_target(institution, sector),
            purpose=Purpose.SUBJECT_REQUEST,
            case_number=case,
        )
    )
    requester = Requester(user=opened.requester.user, purpose=Purpose.SUBJECT_REQUEST.value, case=case)
    with (
        acting_as(opened),
        SubjectRequestService(where, stores, requester, zone=stores.zone, clock=opened.clock) as service,
    ):
        yield service


def permitted_requests(
    opened: OpenRegistry, where: str, stores: ConfiguredStores, case: str
) -> tuple[SubjectRequestRecord, ...]:
    """All requests, by number; arguments and errors as of `permitted_request_service`."""
    with permitted_request_service(opened, where, stores, case) as service:
        return service.all()
