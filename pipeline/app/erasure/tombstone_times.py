"""Times of the tombstones of an erasure: up to when its events may be, and when they have left every place."""

from __future__ import annotations

import time

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.times import DAY_MS
from pipeline.store.schema.tables import PLATE_READS, TRACKS


def erased_before_ms(stores: ConfiguredStores, now_ms: int) -> int:
    """Up to when the events of an erasure may be: the present by the fastest clock that is allowed."""
    return now_ms + round(stores.max_clock_lead_s * 1000)


def tombstone_until_ms(stores: ConfiguredStores) -> int:
    """When events that are stored now have left all spools, topics and tables."""
    limits = (stores.retention.longest_days(table) for table in (PLATE_READS, TRACKS))
    days = max(stores.ingest.oldest_days, *(limit or 0 for limit in limits))
    return time.time_ns() // 1_000_000 + round(days * DAY_MS) + DAY_MS
