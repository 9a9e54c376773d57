"""Parts of all tables, linked at one moment each: what a backup of a store in use copies."""

from __future__ import annotations

import re
from typing import Final

from pipeline.errors import StoreError
from pipeline.store.answers.sql_fragments import Rows
from pipeline.store.backends.database import literal
from pipeline.store.coverage_questions import FrozenParts

# The engine would escape any other character.
_NAME: Final = re.compile(r"[a-z0-9]{1,64}")
_TABLES: Final = (
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name"
)


def frozen_parts(rows: Rows, question: FrozenParts) -> int:
    """The answer to `FrozenParts`.

    Raises:
        StoreError: a name that is no folder's, or the database failed.
    """
    if _NAME.fullmatch(question.name) is None:
        raise StoreError("backup", f"{question.name[:64]!r} cannot name a folder")
    tables = [str(row["name"]) for row in rows(_TABLES)]
    for table in tables:
        rows(f"ALTER TABLE `{table}` FREEZE WITH NAME {literal(question.name)}")
    return len(tables)
