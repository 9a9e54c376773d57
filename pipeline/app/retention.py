"""Retention of the configured event stores: the stored days, and dropping those that are due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.store.backends.database import EventDatabase
from pipeline.store.backends.open_database import target_of
from pipeline.store.retention import StoredDay, drop_due, open_for_maintenance, stored_days
from pipeline.store.schema.tables import TABLES
from pipeline.store.settings import StoreSettings

__all__ = ["RetentionReport", "StoredDay", "drop_due_days", "due_days", "retention_reports"]


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """Days of one event store.

    Attributes:
        store: the store, for people, without credentials.
        days: by table and day; none while there is no store yet.
        keep_days: days that each table is retained, by its name; None for no limit.
    """

    store: str
    days: tuple[StoredDay, ...]
    keep_days: Mapping[str, int | None]


def retention_reports(stores: ConfiguredStores) -> Iterator[RetentionReport]:
    """All stored days, store by store.

    Raises:
        StoreBusy: another process owns the embedded store.
        StoreError: a store cannot be opened, or failed.
    """
    for store in stores.stores:
        with _opened(store, stores) as database:
            days = [] if database is None else stored_days(database, stores.retention)
        yield _report(store, stores, days)


def due_days(stores: ConfiguredStores) -> Iterator[RetentionReport]:
    """The days that `drop_due_days` would drop, store by store; errors as in `retention_reports`."""
    for report in retention_reports(stores):
        yield RetentionReport(report.store, tuple(day for day in report.days if day.due), report.keep_days)


def drop_due_days(stores: ConfiguredStores) -> Iterator[RetentionReport]:
    """Drop the days that are due, as a run does every hour; what was dropped, store by store.

    Raises:
        StoreBusy: another process owns the embedded store.
        StoreError: a store cannot be opened, or failed.
    """
    for store in stores.stores:
        with _opened(store, stores) as database:
            days = [] if database is None else drop_due(database, stores.retention)
        yield _report(store, stores, days)


def _report(store: StoreSettings, stores: ConfiguredStores, days: list[StoredDay]) -> RetentionReport:
    keep_days = {table.name: stores.retention.days(table) for table in TABLES.values()}
    return RetentionReport(target_of(store, stores.data_dir), tuple(days), keep_days)


@contextmanager
def _opened(store: StoreSettings, stores: ConfiguredStores) -> Iterator[EventDatabase | None]:
    database = open_for_maintenance(store, stores.data_dir)
    try:
        yield database
    finally:
        if database is not None:
            database.close()
