"""Fragments of SQL that answers are built of, for ClickHouse 18.16 and newer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from pipeline.errors import StoreError
from pipeline.store.backends.database import bind
from pipeline.store.questions import check_between, check_page
from pipeline.store.schema.tables import Table

_MAX: Final = 2**63 - 1
_END_MS: Final = 2**32 * 1000 - 1
_LONGEST_LIST: Final = 100_000
"""Characters of a list of values; servers refuse statements of more than 262,144 bytes (max_query_size)."""

T = TypeVar("T")
Rows: TypeAlias = Callable[[str], list[dict[str, Any]]]
"""Runs a query; one dict per row."""


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` rows after skipping `offset`."""

    limit: int
    offset: int

    @classmethod
    def checked(cls, limit: int, offset: int) -> Page:
        """A page as requested.

        Raises:
            StoreError: it makes no sense.
        """
        check_page(limit, offset)
        return cls(limit, offset)

    def up_to(self) -> Page:
        """All rows up to its end: the part of each of several answers that are merged."""
        return Page(self.limit + self.offset, 0)

    def of(self, rows: list[T]) -> list[T]:
        """Its part of all rows."""
        return rows[self.offset : self.offset + self.limit]


def in_range(start_ms: int | None, end_ms: int | None, camera_ids: Sequence[str] = ()) -> list[str]:
    """SQL conditions. `ts` leads to whole partitions that need not be read, `ts_ms` decides."""
    found = []
    if start_ms is not None:
        bounds: dict[str, object] = {"s": _clamp(start_ms, _END_MS) // 1000, "ms": _clamp(start_ms, _MAX)}
        found.append(bind("ts >= toDateTime({s}, 'UTC') AND ts_ms >= {ms}", bounds))
    if end_ms is not None:
        bounds = {"s": _clamp(end_ms, _END_MS) // 1000, "ms": _clamp(end_ms, _MAX)}
        found.append(bind("ts <= toDateTime({s}, 'UTC') AND ts_ms < {ms}", bounds))
    if camera_ids:
        found.append(is_one_of("camera_id", camera_ids))
    return found


def sure(min_confidence: float) -> list[str]:
    """SQL conditions that a plate read has at least this confidence; none for 0.

    Raises:
        StoreError: it is not between 0 and 1.
    """
    check_between("min_confidence", min_confidence, 0, 1)
    # The column has 32 bits: 0.9 stored is a little more than 0.9 asked.
    return [f"confidence >= toFloat32({min_confidence:.9f})"] if min_confidence > 0 else []


def is_one_of(column: str, values: Sequence[str]) -> str:
    """The condition that `column` has one of `values` (at least one); a sorting key's column is read by points.

    Raises:
        StoreError: more values than a statement can hold.
    """
    if sum(len(value) + 4 for value in values) > 2 * _LONGEST_LIST:
        raise StoreError(column, f"{len(values):,} values are too many in one question", "Ask in parts")
    names = [f"v{number}" for number in range(len(values))]
    placeholders = ", ".join(f"{{{name}}}" for name in names)
    return bind(f"{column} IN ({placeholders})", dict(zip(names, values, strict=True)))


def in_statements(values: Iterable[str]) -> Iterator[list[str]]:
    """The values in groups that each fit a statement."""
    group: list[str] = []
    length = 0
    for value in values:
        length += len(value) + 4
        if group and length > _LONGEST_LIST:
            yield group
            group, length = [], len(value) + 4
        group.append(value)
    if group:
        yield group


def where(conditions: Sequence[str]) -> str:
    """A WHERE clause of all conditions with a blank after it, or nothing."""
    return f"WHERE {' AND '.join(f'({condition})' for condition in conditions)} " if conditions else ""


def select(rows: Rows, table: Table, conditions: Sequence[str], page: Page) -> list[dict[str, Any]]:
    """A page of events, newest first, each once."""
    # Not FINAL: merging hides rows of one sorting key only, and costs more (benchmarks/results/store.md).
    return rows(
        f"SELECT {', '.join(table.columns)} FROM {table.name} {where(conditions)}"  # noqa: S608 - values were bound
        "ORDER BY ts_ms DESC, event_id, schema_version DESC LIMIT 1 BY event_id "
        f"LIMIT {page.offset:d}, {page.limit:d}"
    )


def select_newest(rows: Rows, table: Table, conditions: Sequence[str], page: Page) -> list[dict[str, Any]]:
    """Like `select`, of many rows: finds the time from which on the page's rows are, and sorts only those.

    Removing duplicates needs all candidates sorted; on a large table that is most of the time.
    """
    most = 2 * (page.offset + page.limit) + 1  # twice, because of duplicates
    while True:
        times = f"SELECT ts_ms FROM {table.name} {where(conditions)}ORDER BY ts_ms DESC LIMIT {most:d}"  # noqa: S608
        newest = rows(f"SELECT toInt64(count()) AS n, toInt64(min(ts_ms)) AS start_ms FROM ({times})")[0]  # noqa: S608
        found = select(rows, table, [*conditions, *in_range(newest["start_ms"], None)], page)
        if len(found) == page.limit or newest["n"] < most:
            return found
        most *= 8


def _clamp(value: int, most: int) -> int:
    return max(0, min(value, most))
