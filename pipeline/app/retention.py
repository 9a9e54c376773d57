"""Retention of the configured event stores: the stored days, and dropping those that are due."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.disposals import disposal_report
from pipeline.app.holds import holds_at
from pipeline.domain.operation import Operation
from pipeline.storage.trusted_clock import TrustedClock
from pipeline.store.backends.database import EventDatabase
from pipeline.store.backends.open_database import target_of
from pipeline.store.retention import (
    HeldDisposal,
    StoredDay,
    drop_due_safely,
    open_for_maintenance,
    stored_days,
    trusted_clock_path,
)
from pipeline.store.schema.tables import TABLES
from pipeline.store.settings import ChdbSettings, StoreSettings

__all__ = ["RetentionReport", "StoredDay", "drop_due_days", "due_days", "retention_reports"]


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """Days of one event store.

    Attributes:
        store: the store, for people, without credentials.
        days: by table and day; none while there is no store yet.
        keep_days: days that each table is retained, by its name; None for no limit.
        held: days that are due by a clock that has jumped, and were not dropped.
    """

    store: str
    days: tuple[StoredDay, ...]
    keep_days: Mapping[str, int | None]
    held: HeldDisposal | None = None


def retention_reports(stores: ConfiguredStores) -> Iterator[RetentionReport]:
    """All stored days, store by store.

    Raises:
        StoreBusy: another process owns the embedded store.
        StoreError: a store cannot be opened, or failed.
        AuditUnavailable: the audit takes no record.
    """
    audit_of_stores(stores).add(Operation.COUNT_QUERY, details={"action": "stored-days"})
    for store in stores.stores:
        with _opened(store, stores) as database:
            days = [] if database is None else stored_days(database, stores.retention)
        yield _report(store, stores, days)


def due_days(stores: ConfiguredStores) -> Iterator[RetentionReport]:
    """The days that `drop_due_days` would drop, store by store; errors as in `retention_reports`."""
    for report in retention_reports(stores):
        yield RetentionReport(report.store, tuple(day for day in report.days if day.due), report.keep_days)


def drop_due_days(stores: ConfiguredStores, *, trust_clock: bool = False) -> Iterator[RetentionReport]:
    """Drop the days that are due, as a run does every hour; what was dropped, store by store.

    Args:
        stores: which ones.
        trust_clock: a person confirms that the clock is right, although it has jumped.

    Raises:
        OSError: the trusted time cannot be stored.
        StoreBusy: another process owns the embedded store.
        StoreError: a store cannot be opened, or failed.
        AuditUnavailable: the audit takes no record; nothing is dropped.
    """
    audit = audit_of_stores(stores)
    clock = TrustedClock(trusted_clock_path(stores.data_dir))
    if trust_clock:
        clock.confirm(time.time_ns() // 1_000_000)
    for store in stores.stores:
        held = None
        days: list[StoredDay] = []
        details = {"action": "drop-due-days", "kind": "events", "store": store.type, "trust_clock": trust_clock}
        with audit.doing(Operation.DISPOSAL, details=details), _opened(store, stores) as database:
            if database is not None:
                embedded = isinstance(store, ChdbSettings)
                report = disposal_report(stores)
                days, held = drop_due_safely(
                    database,
                    stores.retention,
                    clock,
                    holds=holds_at(stores),
                    embedded=embedded,
                    disposing=report,
                )
        yield replace(_report(store, stores, days), held=held)


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
