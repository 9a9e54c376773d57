"""Hot-lists for a person with an account, who is recognized already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.app.access.acting import acting_as
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.hotlists.hot_list_service import HotListService, ListDefaults, ListEntry
from pipeline.app.hotlists.list_hits import HitsWanted, hit_alerts, list_hits
from pipeline.app.people.open_registry import OpenRegistry

__all__ = [
    "HitsWanted",
    "HotListService",
    "ListDefaults",
    "ListEntry",
    "hit_alerts",
    "list_hits",
    "permitted_hot_lists",
]


@contextmanager
def permitted_hot_lists(opened: OpenRegistry, where: str, stores: ConfiguredStores) -> Iterator[HotListService]:
    """The hot-lists, in the name of the person of a registry, whose purpose and case its requester states.

    Args:
        opened: the registry, for the person; where: the register; stores: name the audit.

    Raises:
        ReleaseError: the register cannot be opened.
    """
    with acting_as(opened), HotListService(where, stores, opened.requester, clock=opened.clock) as lists:
        yield lists
