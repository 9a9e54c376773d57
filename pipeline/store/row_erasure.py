"""Erasing rows of a database: counted before, deleted, waited for, counted again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pipeline.errors import StoreError
from pipeline.store.backends.database import EventDatabase, bind
from pipeline.store.erasure_selection import Selection, TrackKey
from pipeline.store.schema.tables import PLATE_READS, TABLES, Table

Progress = Callable[[str], None]
"""Receives, now and then, a description of what is being done."""

STATEMENT_TIMEOUT_S: Final = 3600.0
"""Seconds that one deletion may take."""
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

    def tracks(self, selection: Selection) -> set[TrackKey]:
        """On which tracks the wanted plate was read.

        Raises:
            DatabaseError: the database failed.
        """
        if not selection.key:
            return set()
        (condition,) = selection.conditions(PLATE_READS, ())
        rows = self.database.rows(
            f"SELECT DISTINCT camera_id, stream_id, track_id FROM {PLATE_READS.name} WHERE {condition}"  # noqa: S608
        )
        return {(row["camera_id"], row["stream_id"], int(row["track_id"])) for row in rows}

    def counts(self, selection: Selection, tracks: Sequence[TrackKey]) -> dict[str, int]:
        """How many different events of each table are wanted.

        Raises:
            DatabaseError: the database failed.
        """
        return {
            table.name: sum(self._count(table, condition) for condition in selection.conditions(table, tracks))
            for table in TABLES.values()
        }

    def erase(self, selection: Selection, tracks: Sequence[TrackKey], progress: Progress) -> None:
        """Delete what is selected; when this returns it is in no table any more.

        The tracks are deleted before the reads that lead to them: stopped anywhere and run again, it finds the rest.

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
        with self._old_files_removed():
            for table, condition in todo:
                self.database.command(f"ALTER TABLE {table.name} DELETE WHERE {condition}")
                self._wait(table, progress)

    @contextmanager
    def _old_files_removed(self) -> Iterator[None]:
        """Remove what is deleted from the embedded store's folder, too, also what a killed erasure left there.

        The engine retains the files of before a deletion for some minutes, longer than a command lives.
        """
        if not self.embedded:
            yield
            return
        for table in TABLES.values():
            self.database.command(f"ALTER TABLE {table.name} MODIFY SETTING old_parts_lifetime = 0")
        try:
            yield
            for table in TABLES.values():
                # Dropping a partition, also one that is not there, clears old files away.
                self.database.command(f"ALTER TABLE {table.name} DROP PARTITION ID '{_NO_SUCH_DAY}'")
        finally:
            for table in TABLES.values():
                self.database.command(f"ALTER TABLE {table.name} RESET SETTING old_parts_lifetime")

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
