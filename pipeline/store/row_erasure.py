"""Erasing rows of a database: counted before, deleted, waited for, counted again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pipeline.domain.plate import plate_key
from pipeline.errors import StoreError
from pipeline.store.backends.database import DatabaseError, EventDatabase, bind, literal
from pipeline.store.damaged_parts import DamagedPart, damaged_parts, drop_parts, to_erase
from pipeline.store.erasure_selection import Selection, TrackKey
from pipeline.store.schema.tables import PLATE_READS, TABLES, Table

Progress = Callable[[str], None]
"""Receives, now and then, a description of what is being done."""

STATEMENT_TIMEOUT_S: Final = 3600.0
"""Seconds that one deletion may take."""
_IDS_PER_STATEMENT: Final = 2000
"""Event ids in one statement: some 110 of the 256 kilobytes that servers accept."""
_CANNOT_FORGET: Final = frozenset({62, 497})
"""Error codes: a syntax that ClickHouse 18.16 does not know, and no right to do it."""
_STEP_S: Final = 0.02
_LONGEST_STEP_S: Final = 1.0
_NO_SUCH_DAY: Final = "21990101"
"""A partition beyond the years that a table can hold."""


class StoredEvents:
    """The tables of one event store.

    Args:
        database: with our tables, up to date.
        embedded: it is this process's own, so that its old files can be removed at once.
        timeout_s: seconds that one deletion may take.
    """

    def __init__(self, database: EventDatabase, *, embedded: bool, timeout_s: float = STATEMENT_TIMEOUT_S) -> None:
        self.database = database
        self.embedded = embedded
        self._timeout_s = timeout_s

    def cameras(self) -> set[str]:
        """Every camera with at least one row in any table.

        Raises:
            DatabaseError: the database failed.
        """
        tables = (table.name for table in TABLES.values())
        queries = (f"SELECT DISTINCT camera_id FROM {name}" for name in tables)  # noqa: S608
        return {row["camera_id"] for query in queries for row in self.database.rows(query)}

    def plate_keys(self) -> set[str]:
        """The key of every plate in the table of reads.

        Raises:
            DatabaseError: the database failed.
        """
        rows = self.database.rows(f"SELECT DISTINCT plate_key, plate FROM {PLATE_READS.name}")  # noqa: S608
        return {key for row in rows for key in (row["plate_key"], plate_key(row["plate"]))}

    def tracks(self, selection: Selection) -> set[TrackKey]:
        """On which tracks the wanted plate was read.

        Raises:
            DatabaseError: the database failed.
        """
        query = selection.plate_query(PLATE_READS)
        if query is None:
            return set()
        rows = self.database.rows(
            f"SELECT DISTINCT camera_id, stream_id, track_id FROM {PLATE_READS.name} "  # noqa: S608
            f"WHERE {query.condition}",
            query.confidential,
        )
        return {(row["camera_id"], row["stream_id"], int(row["track_id"])) for row in rows}

    def views(self, selection: Selection) -> set[tuple[str, int, int]]:
        """When the wanted vehicle was in view: camera, and first and last millisecond, a tuple for each read.

        Raises:
            DatabaseError: the database failed.
        """
        query = selection.plate_query(PLATE_READS)
        if query is None:
            return set()
        rows = self.database.rows(
            f"SELECT DISTINCT camera_id, first_ts_ms, ts_ms FROM {PLATE_READS.name} "  # noqa: S608
            f"WHERE {query.condition}",
            query.confidential,
        )
        return {(row["camera_id"], int(row["first_ts_ms"]), int(row["ts_ms"])) for row in rows}

    def counts(self, selection: Selection, tracks: Sequence[TrackKey]) -> dict[str, int]:
        """How many different events of each table are wanted.

        Raises:
            DatabaseError: the database failed.
        """
        return {table.name: self.count(table, selection, tracks) for table in TABLES.values()}

    def count(self, table: Table, selection: Selection, tracks: Sequence[TrackKey]) -> int:
        """How many different events of one table are wanted.

        Raises:
            DatabaseError: the database failed.
        """
        return sum(self._count(table, condition) for condition in selection.conditions(table, tracks)) + len(
            {event_id for event_id, _ in self._naming_plate(table, selection)}
        )

    def ids(
        self, table: Table, selection: Selection, tracks: Sequence[TrackKey], among: Sequence[str] | None = None
    ) -> set[str]:
        """The ids of the wanted events of one table, or those of them that are among some.

        Raises:
            DatabaseError: the database failed.
        """
        found = {event_id for event_id, _ in self._naming_plate(table, selection)}
        groups: list[Sequence[str] | None] = [None]
        if among is not None:
            groups = [among[start : start + _IDS_PER_STATEMENT] for start in _starts(among)]
        for condition in selection.conditions(table, tracks):
            for group in groups:
                scope = condition if group is None else f"{condition} AND {_in_ids(group)}"
                rows = self.database.rows(f"SELECT DISTINCT toString(event_id) AS id FROM {table.name} WHERE {scope}")  # noqa: S608
                found.update(row["id"] for row in rows)
        return found if among is None else found.intersection(among)

    def damaged(self, selection: Selection) -> list[DamagedPart]:
        """Damaged parts that may hold what is selected; they are erased as a whole.

        Raises:
            DatabaseError: the database failed.
        """
        return to_erase(damaged_parts(self.database), selection)

    def erase(self, selection: Selection, tracks: Sequence[TrackKey], progress: Progress) -> None:
        """Delete what is selected; when this returns it is in no table any more.

        The tracks are deleted before the reads that lead to them: stopped anywhere and run again, it finds the rest.
        Deletions name rows by their event ids, because a database keeps the text of its deletions.

        Raises:
            StoreError: a deletion failed, or took longer than it may.
        """
        tables = sorted(TABLES.values(), key=lambda table: table is PLATE_READS)
        todo = [
            (table, condition)
            for table in tables
            for condition in selection.conditions(table, tracks)
            if self._count(table, condition)
        ]
        todo += [(table, condition) for table in tables for condition in _by_ids(self._naming_plate(table, selection))]
        drop_parts(self.database, self.damaged(selection))
        with self._old_files_removed():
            for table, condition in todo:
                self._delete(table, condition, progress)
        remove_deletion_history(self.database)

    def delete(self, table: Table, condition: str) -> None:
        """Delete rows by a condition that names no plate; when this returns they are in the table no more.

        Raises:
            StoreError: the deletion failed, or took longer than it may.
        """
        self._delete(table, condition, lambda _: None)
        remove_deletion_history(self.database)

    def rows(self, table: Table, condition: str) -> int:
        """Number of rows that a condition selects.

        Raises:
            DatabaseError: the database failed.
        """
        sql = f"SELECT toInt64(count()) AS rows FROM {table.name} WHERE {condition}"  # noqa: S608
        return int(self.database.rows(sql)[0]["rows"])

    def dispose(self, wanted: Sequence[tuple[Table, str]]) -> None:
        """Delete rows of tables by conditions like `delete`; of the embedded store the old files, too.

        Raises:
            StoreError: see `delete`.
        """
        if wanted:
            with self._old_files_removed():
                for table, condition in wanted:
                    self.delete(table, condition)

    def _delete(self, table: Table, condition: str, progress: Progress) -> None:
        self.database.command(f"ALTER TABLE {table.name} DELETE WHERE {condition}")
        self._wait(table, progress)

    def history_naming(self, selection: Selection) -> int:
        """How many deletions in the database's history name the wanted plate; those of earlier versions did.

        Raises:
            DatabaseError: the database failed.
        """
        if not selection.key:
            return 0
        commands = self.database.rows("SELECT command FROM system.mutations WHERE database = currentDatabase()")
        return sum(selection.names_plate(str(row["command"])) for row in commands)

    def _naming_plate(self, table: Table, selection: Selection) -> list[tuple[str, int]]:
        """Event id and time of the rows that name the wanted plate, by time."""
        query = selection.plate_query(table)
        if query is None:
            return []
        rows = self.database.rows(
            f"SELECT DISTINCT toString(event_id) AS id, toInt64(ts_ms) AS ts_ms, {query.words} AS words "  # noqa: S608
            f"FROM {table.name} WHERE {query.condition} ORDER BY ts_ms",
            query.confidential,
        )
        exact = table is PLATE_READS
        return [(row["id"], int(row["ts_ms"])) for row in rows if exact or selection.names_plate(row["words"])]

    @contextmanager
    def _old_files_removed(self) -> Iterator[None]:
        """Remove what is deleted from the embedded store's folder, too, also what a killed erasure left there.

        The engine retains the files of before a deletion for some minutes, longer than a command lives, and those that
        work of its own still reads for longer.

        Raises:
            StoreError: they stay.
        """
        if not self.embedded:
            yield
            return
        for table in TABLES.values():
            self.database.command(f"ALTER TABLE {table.name} MODIFY SETTING old_parts_lifetime = 0")
        try:
            yield
            self._remove_old_files()
        finally:
            for table in TABLES.values():
                self.database.command(f"ALTER TABLE {table.name} RESET SETTING old_parts_lifetime")

    def _remove_old_files(self) -> None:
        until_s = time.monotonic() + self._timeout_s
        sql = "SELECT DISTINCT table FROM system.parts WHERE database = currentDatabase() AND NOT active"
        while True:
            for table in TABLES.values():
                # Dropping a partition, also one that is not there, clears old files away.
                self.database.command(f"ALTER TABLE {table.name} DROP PARTITION ID '{_NO_SUCH_DAY}'")
            if not (left := {row["table"] for row in self.database.rows(sql)} & {one.name for one in TABLES.values()}):
                return
            if time.monotonic() > until_s:
                raise StoreError(
                    self.database.target,
                    f"retains old files of {', '.join(sorted(left))} after {self._timeout_s:g} s",
                    "What was erased may be in them: run the command again.",
                )
            time.sleep(_STEP_S)

    def _count(self, table: Table, condition: str) -> int:
        sql = f"SELECT toInt64(uniqExact(event_id)) AS events FROM {table.name} WHERE {condition}"  # noqa: S608
        return int(self.database.rows(sql)[0]["events"])

    def _wait(self, table: Table, progress: Progress) -> None:
        """Until every deletion of the table is done. ClickHouse 18.16 has no synchronous ones, so they are watched.

        Raises:
            StoreError: it took longer than it may.
        """
        until, step_s = time.monotonic() + self._timeout_s, _STEP_S
        # All columns: which there are beside the first ones differs with the version.
        sql = bind(
            "SELECT * FROM system.mutations WHERE database = currentDatabase() AND table = {table} AND NOT is_done",
            {"table": table.name},
        )
        while waiting := self.database.rows(sql):
            parts = sum(int(row["parts_to_do"]) for row in waiting)
            reason = " ".join(str(row.get("latest_fail_reason") or "") for row in waiting).strip()
            if time.monotonic() > until:
                raise StoreError(
                    self.database.target,
                    f"the deletion in {table.name} is not done after {self._timeout_s:g} s, {parts} parts are left"
                    + (f": {reason[:500]}" if reason else ""),
                    "The database continues by itself; run the command again to check.",
                )
            progress(f"{table.name}: {parts} parts to rewrite" + (f", failing: {reason[:200]}" if reason else ""))
            time.sleep(step_s)
            step_s = min(_LONGEST_STEP_S, step_s * 1.5)


def remove_deletion_history(database: EventDatabase) -> None:
    """Remove finished deletions from the database's history, where its version can: they say what was erased.

    Raises:
        DatabaseError: the database failed.
    """
    try:
        database.command("KILL MUTATION WHERE database = currentDatabase() AND is_done")
    except DatabaseError as error:
        if error.code not in _CANNOT_FORGET:
            raise


def _by_ids(rows: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Conditions for these rows; the time leads to the partitions that hold them."""
    for start in _starts(rows):
        group = rows[start : start + _IDS_PER_STATEMENT]
        first, last = group[0][1] // 1000, group[-1][1] // 1000
        yield (
            f"ts >= toDateTime({literal(first)}, 'UTC') AND ts <= toDateTime({literal(last)}, 'UTC') "
            f"AND {_in_ids([event_id for event_id, _ in group])}"
        )


def _starts(values: Sequence[object]) -> range:
    return range(0, len(values), _IDS_PER_STATEMENT)


def _in_ids(ids: Sequence[str]) -> str:
    return f"event_id IN ({', '.join(f'toUUID({literal(event_id)})' for event_id in ids)})"
