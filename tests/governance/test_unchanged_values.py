"""Values of a database that are read again when something has changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipeline.governance.unchanged_values import UnchangedValues


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "a #1.db", isolation_level=None)
    connection.execute("CREATE TABLE people (name)")
    return connection


def test_a_change_by_any_connection_is_seen_at_once(database: sqlite3.Connection, tmp_path: Path) -> None:
    values, reads = UnchangedValues(tmp_path / "a #1.db"), []

    def people() -> list[str]:
        reads.append(1)
        return [name for (name,) in database.execute("SELECT name FROM people")]

    assert [values.get("people", people) for _ in range(3)] == [[], [], []]
    assert len(reads) == 1
    database.execute("INSERT INTO people VALUES ('ana')")
    assert [values.get("people", people) for _ in range(2)] == [["ana"], ["ana"]]
    other = sqlite3.connect(tmp_path / "a #1.db", isolation_level=None)
    other.execute("DELETE FROM people")
    other.close()
    assert values.get("people", people) == []
    assert len(reads) == 3
    values.close()


def test_what_is_read_while_something_changes_is_not_remembered(database: sqlite3.Connection, tmp_path: Path) -> None:
    values = UnchangedValues(tmp_path / "a #1.db")

    def read_too_early() -> int:
        (number,) = database.execute("SELECT count(*) FROM people").fetchone()
        database.execute("INSERT INTO people VALUES ('ana')")
        return int(number)

    assert values.get("number", read_too_early) == 0
    assert values.get("number", read_too_early) == 1
    values.close()


def test_a_database_that_cannot_be_opened_is_read_each_time_and_not_made(tmp_path: Path) -> None:
    values = UnchangedValues(tmp_path / "none.db")
    assert [values.get("number", iter([1, 2]).__next__), values.get("number", lambda: 3)] == [1, 3]
    assert not (tmp_path / "none.db").exists()
