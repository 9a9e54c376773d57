"""Queries on the event store, the same on chDB and on ClickHouse servers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.domain.plate import normalise, plate_key
from pipeline.errors import StoreError
from pipeline.sink.database import Database, DatabaseError, bind, check_version
from pipeline.sink.databases import open_database
from pipeline.sink.queries import CameraSummary, check_page
from pipeline.sink.settings import StoreSettings
from pipeline.sink.tables import PLATE_READS, TABLES, Table

_MAX: Final = 2**63 - 1
_END_MS: Final = 2**32 * 1000 - 1
_COUNT: Final = "SELECT toInt64(uniqExact(event_id)) AS events FROM {table}"
_PER_CAMERA: Final = (
    "SELECT camera_id, toInt64(uniqExact(event_id)) AS events, max(ts_ms) AS last_ms FROM {table} GROUP BY camera_id"
)
_LAST_STATES: Final = (
    "SELECT camera_id, ts_ms, state, detail FROM health ORDER BY ts_ms DESC, event_id LIMIT 1 BY camera_id"
)
_WILDCARDS: Final = str.maketrans({"*": "%", "?": "_"})
_PATTERN_PART = re.compile(r"[*?]|[^*?]+")


@dataclass(frozen=True, slots=True)
class _Page:
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Scope:
    start_ms: int | None
    end_ms: int | None
    camera_ids: Sequence[str]

    def conditions(self) -> list[str]:
        """SQL conditions. `ts` leads to whole partitions that need not be read, `ts_ms` decides."""
        found = []
        if self.start_ms is not None:
            bounds: dict[str, object] = {"s": _clamp(self.start_ms, _END_MS) // 1000, "ms": _clamp(self.start_ms, _MAX)}
            found.append(bind("ts >= toDateTime({s}, 'UTC') AND ts_ms >= {ms}", bounds))
        if self.end_ms is not None:
            bounds = {"s": _clamp(self.end_ms, _END_MS) // 1000, "ms": _clamp(self.end_ms, _MAX)}
            found.append(bind("ts <= toDateTime({s}, 'UTC') AND ts_ms < {ms}", bounds))
        if self.camera_ids:
            found.append(bind("has({cameras}, camera_id)", {"cameras": list(self.camera_ids)}))
        return found


class EventStore:
    """Answers `EventQueries` from a database, which is opened by the first question and again after a failure.

    Args:
        connect: opens the database; never makes one.
    """

    def __init__(self, connect: Callable[[], Database]) -> None:
        self._connect = connect
        self._guard = threading.Lock()
        self._database: Database | None = None

    def plates(
        self,
        plate: str,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        camera_ids: Sequence[str] = (),
        like: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> list[PlateReadEvent]:
        """See `EventQueries.plates`.

        Raises:
            StoreError: no plate in `plate`, a senseless page, or the database failed.
        """
        if not normalise(plate) and not (like and set(plate.strip()) & set("*?")):
            raise StoreError("plate", f"{plate!r} has no letter or digit in it")
        scope, page = _Scope(start_ms, end_ms, camera_ids).conditions(), _Page(limit, offset)
        if like:
            which = bind("(plate LIKE {pattern} OR plate_key LIKE {pattern})", {"pattern": like_pattern(plate)})
            found = self._newest(PLATE_READS, [which, *scope], page)
        else:
            found = self._select(PLATE_READS, [bind("plate_key = {key}", {"key": plate_key(plate)}), *scope], page)
        return msgspec.convert(found, list[PlateReadEvent])

    def events(
        self,
        kind: Kind | None = None,
        *,
        camera_ids: Sequence[str] = (),
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Event]:
        """See `EventQueries.events`.

        Raises:
            StoreError: a senseless page, or the database failed.
        """
        scope = _Scope(start_ms, end_ms, camera_ids)
        if kind is not None:
            return self._events(TABLES[kind], scope, _Page(limit, offset))
        check_page(limit, offset)
        # Each kind could fill the whole page, so each is asked for all up to its end.
        up_to_page = _Page(limit + offset, 0)
        found = [event for table in TABLES.values() for event in self._events(table, scope, up_to_page)]
        found.sort(key=lambda event: (-event.ts_ms, event.event_id))
        return found[offset : offset + limit]

    def cameras(self) -> list[CameraSummary]:
        """See `EventQueries.cameras`.

        Raises:
            StoreError: the database failed.
        """
        counts: dict[str, dict[Kind, int]] = {}
        last_ms: dict[str, int] = {}
        for kind, table in TABLES.items():
            for row in self._rows(_PER_CAMERA.format(table=table.name)):
                camera_id = row["camera_id"]
                counts.setdefault(camera_id, dict.fromkeys(Kind, 0))[kind] = int(row["events"])
                last_ms[camera_id] = max(last_ms.get(camera_id, 0), int(row["last_ms"]))
        states = {row["camera_id"]: row for row in self._rows(_LAST_STATES)}
        return [
            _summary(camera_id, last_ms[camera_id], counts[camera_id], states.get(camera_id))
            for camera_id in sorted(counts)
        ]

    def count(self, kind: Kind) -> int:
        """See `EventQueries.count`.

        Raises:
            StoreError: the database failed.
        """
        return int(self._rows(_COUNT.format(table=TABLES[kind].name))[0]["events"])

    def close(self) -> None:
        """Disconnect; a later question connects again."""
        with self._guard:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _events(self, table: Table, scope: _Scope, page: _Page) -> list[Event]:
        return [msgspec.convert(row, table.event) for row in self._newest(table, scope.conditions(), page)]

    def _newest(self, table: Table, conditions: list[str], page: _Page) -> list[dict[str, Any]]:
        """A page of many rows: finds from when on the page's rows are, and sorts only those.

        Removing duplicates needs all candidates sorted; on a large table that is most of the time.
        """
        check_page(page.limit, page.offset)
        rows = 2 * (page.offset + page.limit) + 1  # twice: room for duplicates
        while True:
            times = f"SELECT ts_ms FROM {table.name} {_where(conditions)}ORDER BY ts_ms DESC LIMIT {rows:d}"  # noqa: S608
            newest = self._rows(f"SELECT toInt64(count()) AS n, toInt64(min(ts_ms)) AS start_ms FROM ({times})")[0]  # noqa: S608
            since = _Scope(newest["start_ms"], None, ()).conditions()
            found = self._select(table, [*conditions, *since], page)
            if len(found) == page.limit or newest["n"] < rows:
                return found
            rows *= 8

    def _select(self, table: Table, conditions: list[str], page: _Page) -> list[dict[str, Any]]:
        check_page(page.limit, page.offset)
        # Not FINAL: merging hides rows of one sorting key only, and costs more (benchmarks/results/store.md).
        return self._rows(
            f"SELECT {', '.join(table.columns)} FROM {table.name} {_where(conditions)}"  # noqa: S608 - values were bound
            "ORDER BY ts_ms DESC, event_id, schema_version DESC LIMIT 1 BY event_id "
            f"LIMIT {page.offset:d}, {page.limit:d}"
        )

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        database = self._opened()
        try:
            return database.rows(sql)
        except DatabaseError:
            # A connection that failed is not used again; a wrong question costs a new one, which is cheap.
            self.close()
            raise

    def _opened(self) -> Database:
        with self._guard:
            if self._database is None:
                database = self._connect()
                try:
                    check_version(database)
                except BaseException:
                    database.close()
                    raise
                self._database = database
            return self._database


def open_store(settings: StoreSettings, data_dir: Path) -> EventStore:
    """The event store, read in this process.

    Nothing is opened before the first question, so a database that is away now is no error here.

    Args:
        settings: of the sink that fills the store.
        data_dir: folder of this program's data.
    """
    return EventStore(lambda: open_database(settings, data_dir, create=False))


def like_pattern(text: str) -> str:
    """An SQL LIKE pattern from a plate with ``*`` and ``?``: letters and digits mean themselves, the rest falls out."""
    parts = _PATTERN_PART.findall(text)
    return "".join(part.translate(_WILDCARDS) if part in "*?" else normalise(part) for part in parts)


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)} " if conditions else ""


def _clamp(value: int, most: int) -> int:
    return max(0, min(value, most))


def _summary(camera_id: str, last_seen_ms: int, events: dict[Kind, int], state: dict[str, Any] | None) -> CameraSummary:
    return CameraSummary(
        camera_id=camera_id,
        last_seen_ms=last_seen_ms,
        events=events,
        state=state["state"] if state else "",
        detail=state["detail"] if state else "",
        state_since_ms=state["ts_ms"] if state else None,
    )
