"""The record of measured code changes with what is executed, not with what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.benchmark.measured_code import CodeRecord

MODULE = '''
"""A module."""

LIMIT = 3
"""A limit."""


class Store:
    """A store."""

    size: int
    """Its size."""

    def add(self, value: int) -> int:
        """Add."""
        return self.size + value  # quickly

    def drop(self) -> None:
        self.size = 0
'''


def record(source: str, name: str = "pipeline/store.py") -> CodeRecord:
    return CodeRecord.of_sources(("pipeline/store.py",), {name: source})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# quickly", "# slowly"),
        ('"""Add."""', '"""Add a value, and return the sum."""'),
        ('"""A limit."""', '"""The limit."""'),
        ("LIMIT = 3", "LIMIT = (\n    3\n)"),
    ],
)
def test_comments_docstrings_and_formatting_change_nothing(old: str, new: str) -> None:
    assert old in MODULE
    assert record(MODULE).distance(record(MODULE.replace(old, new))) == 0


def test_a_moved_module_is_the_same_code() -> None:
    assert record(MODULE).distance(record(MODULE, "pipeline/store/store.py")) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("self.size + value", "self.size - value"), ("LIMIT = 3", "LIMIT = 4"), ("self.size = 0", "self.size = 1")],
)
def test_a_changed_function_or_constant_counts(old: str, new: str) -> None:
    # Three parts: two functions and the rest. One of them differs on each side.
    assert record(MODULE).distance(record(MODULE.replace(old, new))) == pytest.approx(2 / 4)


def test_an_added_function_counts() -> None:
    added = MODULE + "\n    def count(self) -> int:\n        return self.size\n"
    assert record(MODULE).distance(record(added)) == pytest.approx(1 / 4)


def test_a_module_that_does_not_exist_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.py"):
        CodeRecord.of_now(("nothing.py",), tmp_path)
