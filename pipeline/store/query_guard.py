"""Guard of queries: no SQL of an answer reads plates of cameras that may read none, or labels outside the allow-list.

What was stored before a camera was declared a public square, or by another program, is in the tables and in no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from pipeline.domain.events import AlertEvent, AlertRule, HealthEvent
from pipeline.errors import StoreError
from pipeline.policy.event_texts import ENUMERATED, bounded_detail, bounded_texts
from pipeline.policy.gate import RefusalRule
from pipeline.policy.scope import LEAST_COUNT
from pipeline.store.answers.sql_fragments import Rows, in_range, is_one_of, where
from pipeline.store.questions import CameraSummary, Withheld, WithheldReads
from pipeline.store.schema.tables import ALERTS, COUNTS, LINE_COUNTS, PLATE_READS, TABLES, TRACKS, ZONE_STATES

A = TypeVar("A")
_LONGEST_LIST: Final = 150_000
"""Characters of ids in a statement; servers refuse statements of more than 262,144 bytes (max_query_size)."""
_ENUMERATED: Final = {table.name: ENUMERATED[table.event] for table in TABLES.values()}
_NAMES: Final = "|".join(table.name for table in TABLES.values())
_FROM: Final = re.compile(rf"\b(FROM|JOIN) +({_NAMES})\b( +WHERE +)?")
_MENTIONED: Final = re.compile(rf"(?<![\w'.])(?<!AS )(?:{_NAMES})(?![\w'.])")

_NUMBERS: Final = {COUNTS.name: "count", LINE_COUNTS.name: "count", ZONE_STATES.name: "occupancy_max"}
"""Columns with the number of road users that a row is about."""

NOT_DECLARED: Final = "not declared in the data folder or the configuration"
"""Why plates of a camera are withheld of which nothing is known."""
_LITERAL: Final = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"\ue000([0-9]+)\ue001")
"""Stands for a literal while a statement is rewritten; of Unicode's private use, which no statement of ours has."""


class QueryGuard:
    """Adds to every reading of a table the condition on what may be read.

    Args:
        cameras: those whose plates may not be read, with the reason.
        declared: those whose declaration is known: plates of all others may not be read. None for any.
        subjects: what alerts may be about besides cameras, tables and rules: names of sinks.
        sensitive: cameras with sensitive surroundings. Their tracks are in no answer, and of their counts per minute
            only those of `LEAST_COUNT` or more: all sums are made of such counts, so that no difference of two sums
            reveals a smaller one.

    Raises:
        StoreError: there are more than a statement can hold.
    """

    def __init__(
        self,
        cameras: Mapping[str, str],
        declared: Iterable[str] | None = None,
        subjects: Iterable[str] = (),
        *,
        sensitive: Iterable[str] = (),
    ) -> None:
        self.cameras = cameras
        self._sensitive = frozenset(sensitive)
        self._declared = None if declared is None else frozenset(declared)
        self._subjects = frozenset(RefusalRule).union(cameras, self._declared or (), subjects)
        listed = sorted(cameras if self._declared is None else self._declared - cameras.keys())
        if any(sum(len(camera_id) + 4 for camera_id in each) > _LONGEST_LIST for each in (listed, self._sensitive)):
            raise StoreError(
                "cameras", f"{len(listed)} are too many for a query that leaves out plates that may not be read"
            )
        if self._declared is None:
            self._cameras = f"NOT {is_one_of('camera_id', listed)}" if listed else ""
        else:
            self._cameras = is_one_of("camera_id", listed) if listed else "0"

    def guarded(self, sql: str) -> str:
        """The statement with its conditions.

        Raises:
            StoreError: a table is read in a way that the guard does not know: nothing is answered then.
        """
        literals: list[str] = []

        def put_aside(match: re.Match[str]) -> str:
            literals.append(match[0])
            return f"\ue000{len(literals) - 1}\ue001"

        # Texts of people stand in literals: nothing in them is a part of the statement, or may become one.
        plain = _LITERAL.sub(put_aside, sql)
        found, count = _FROM.subn(lambda match: self._condition(match, plain), plain)
        unknown = "'" in plain or len(_PLACEHOLDER.findall(plain)) != len(literals)
        if unknown or count != len(_MENTIONED.findall(plain)):
            raise StoreError("query", "reads a table in a way that cannot be guarded", "This is a bug: report it")
        return _PLACEHOLDER.sub(lambda match: literals[int(match[1])], found)

    def withheld_reads(self, rows: Rows, question: Withheld) -> list[WithheldReads]:
        """How many reads of each camera no answer uses, in a time range; cameras without any are left out.

        The number is of all vehicles: that of one vehicle would reveal where it was.

        Raises:
            StoreError: the database failed.
        """
        if not self._cameras:
            return []
        conditions = [*in_range(question.start_ms, question.end_ms), f"NOT {self._cameras}"]
        if question.camera_ids:
            conditions.append(is_one_of("camera_id", question.camera_ids))
        found = rows(
            f"SELECT camera_id, toInt64(uniqExact(event_id)) AS reads FROM {PLATE_READS.name} "  # noqa: S608 - bound
            f"{where(conditions)}GROUP BY camera_id ORDER BY camera_id"
        )
        return [
            WithheldReads(
                camera_id=row["camera_id"],
                reads=None if row["camera_id"] in self._sensitive else int(row["reads"]),
                reason=self.cameras.get(row["camera_id"], NOT_DECLARED),
            )
            for row in found
        ]

    def bounded(self, answer: A) -> A:
        """The answer, its free texts reduced to the vocabulary of events."""
        if not isinstance(answer, list):
            return answer
        return [self._bounded(item) for item in answer]  # type: ignore[return-value]

    def _bounded(self, item: Any) -> Any:
        if isinstance(item, AlertEvent | HealthEvent):
            return bounded_texts(item, lambda subject: subject in {item.camera_id, *self._subjects})
        if isinstance(item, CameraSummary) and item.detail:
            return msgspec.structs.replace(item, detail=bounded_detail(item.detail, item.camera_id))
        return item

    def _condition(self, match: re.Match[str], sql: str) -> str:
        name, words = _ENUMERATED[match[2]]
        # A statement that does not mention the column reveals nothing of it, and may be answered without reading it.
        conditions = [is_one_of(name, sorted(words))] if re.search(rf"\b{name}\b", sql) else []
        if match[2] == PLATE_READS.name and self._cameras:
            conditions.append(self._cameras)
        if match[2] == ALERTS.name and self._cameras:
            conditions.append(f"(rule != '{AlertRule.LISTED_PLATE.value}' OR {self._cameras})")
        if self._sensitive and (match[2] == TRACKS.name or match[2] in _NUMBERS):
            elsewhere = f"NOT {is_one_of('camera_id', sorted(self._sensitive))}"
            number = _NUMBERS.get(match[2])
            conditions.append(f"({elsewhere} OR {number} >= {LEAST_COUNT:d})" if number else elsewhere)
        if not conditions:
            return match[0]
        return f"{match[1]} {match[2]} WHERE {' AND '.join(conditions)} " + ("AND " if match[3] else "")
