"""A consistent copy of an SQLite database that other processes may be writing to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.errors import RecordError


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database by SQLite's online backup, and check the copy.

    Raises:
        RecordError: the database cannot be read, or the copy is damaged.
    """
    try:
        with (
            closing(sqlite3.connect(f"file:{source.resolve()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
            (answer,) = copy.execute("PRAGMA quick_check").fetchone()
    except sqlite3.Error as error:
        raise RecordError(str(source), f"cannot be copied ({error})", "Check that it is the register") from None
    if answer != "ok":
        raise RecordError(str(source), f"is damaged ({answer})", "Restore it from an earlier backup")
