"""Checksums of stored data: parts of tables whose files were changed after they were written."""

from __future__ import annotations

from typing import Any, Final

from pipeline.store.answers.sql_fragments import Rows
from pipeline.store.backends.database import DatabaseError
from pipeline.store.coverage_questions import CorruptPart, CorruptParts
from pipeline.store.damaged_parts import day_of_partition
from pipeline.store.schema.tables import TABLES

_LONGEST_PROBLEM: Final = 200
_CANNOT_CHECK: Final = frozenset({48, 497})
"""Error codes: ClickHouse 18.16 checks no tables of our kind, and this login may not."""


def corrupt_parts(rows: Rows, _question: CorruptParts) -> list[CorruptPart] | None:
    """The answer to `CorruptParts`; servers that check a table as a whole name no part of it.

    Raises:
        StoreError: the database failed.
    """
    try:
        return [
            _corrupt(table.name, row)
            for table in TABLES.values()
            for row in rows(f"CHECK TABLE {table.name}")
            if str(row.get("is_passed", row.get("result"))) != "1"
        ]
    except DatabaseError as error:
        if error.code in _CANNOT_CHECK:
            return None
        raise


def _corrupt(table: str, row: dict[str, Any]) -> CorruptPart:
    part = str(row.get("part_path", ""))
    day = day_of_partition(part.partition("_")[0])
    problem = " ".join(str(row.get("message", "")).split())[:_LONGEST_PROBLEM]
    return CorruptPart(
        table=table,
        part=part,
        day="" if day is None else day.isoformat(),
        problem=problem or "its checksums are wrong",
    )
