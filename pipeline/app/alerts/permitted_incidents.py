"""Incidents for a person with an account, who is recognized already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.app.access.acting import acting_as
from pipeline.app.alerts.incident_answers import AskAlerts
from pipeline.app.alerts.incidents import Incidents
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.open_registry import OpenRegistry


@contextmanager
def permitted_incidents(
    opened: OpenRegistry, where: str, stores: ConfiguredStores, ask: AskAlerts
) -> Iterator[Incidents]:
    """The incidents, in the name of the person of a registry, whose purpose and case its requester states.

    Args:
        opened: the registry, for the person; where: the register; stores: name the audit.
        ask: asks the event store, in the name of the person.

    Raises:
        ReleaseError: the register cannot be opened.
    """
    with acting_as(opened), Incidents(where, stores, opened.requester, ask, opened.clock) as incidents:
        yield incidents
