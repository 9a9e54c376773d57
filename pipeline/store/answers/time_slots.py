"""Intervals of a time zone's clock that figures are summed over, as SQL and as moments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from pipeline.domain.times import DAY_MS, MINUTE_MS, UtcOffset
from pipeline.errors import StoreError
from pipeline.store.answers.sql_fragments import Rows
from pipeline.store.questions import check_between

_FEW_OFFSETS: Final = 4
"""With more changes of the clocks than these, the database is asked first from when to when there is traffic."""
_MOST_OFFSETS: Final = 2_000
_END_MS: Final = 2**32 * 1000
_EXTENT: Final = "SELECT toInt64(count()) AS n, min(ts_ms) AS first_ms, max(ts_ms) AS last_ms FROM {table} {where}"


@dataclass(frozen=True, slots=True)
class TimeSlots:
    """Intervals of one length.

    Hours are identified by their beginning, because the hour before the clocks are set back occurs twice; days by their
    number, because they have 23 or 25 hours then.

    Attributes:
        every_ms: their length; offsets: of the zone, oldest first, at least one.
    """

    every_ms: int
    offsets: Sequence[UtcOffset]

    @classmethod
    def checked(cls, every_ms: int, offsets: Sequence[UtcOffset]) -> TimeSlots:
        """The slots of a question.

        Raises:
            StoreError: the length does not divide a day into whole minutes, or the offsets make no sense.
        """
        if every_ms < MINUTE_MS or DAY_MS % every_ms or every_ms % MINUTE_MS:
            raise StoreError(
                "interval", f"{every_ms} ms does not divide a day into whole minutes", "Use 1m, 5m, 15m, 1h, 6h or 1d"
            )
        check_between("utc_offsets", len(offsets), 0, _MOST_OFFSETS)
        for offset in offsets:
            check_between("utc_offsets", offset.from_ms, 0, _END_MS)
            check_between("utc_offsets", offset.offset_ms, -DAY_MS, DAY_MS)
        return cls(every_ms, sorted(offsets) or [UtcOffset(0, 0)])

    def of_table(self, rows: Rows, table: str, conditions: str) -> TimeSlots | None:
        """The same with the offsets that rows of a table need; None where there are no rows, if that was found out."""
        if len(self.offsets) <= _FEW_OFFSETS:
            return self
        extent = rows(_EXTENT.format(table=table, where=conditions))[0]
        if not extent["n"]:
            return None
        return TimeSlots(self.every_ms, self._within(int(extent["first_ms"]), int(extent["last_ms"])))

    def sql(self) -> str:
        """SQL for the slot of `at_ms`: the number of its local day, or when its interval begins."""
        offset = f"{self.offsets[-1].offset_ms:d}"
        if len(self.offsets) > 1:
            cases = [f"at_ms < {after.from_ms:d}, {before.offset_ms:d}" for before, after in pairwise(self.offsets)]
            offset = f"multiIf({', '.join(cases)}, {offset})"
        number = f"intDiv(at_ms + {offset}, {self.every_ms:d})"
        return f"toInt64({number})" if self.every_ms == DAY_MS else f"toInt64({number} * {self.every_ms:d} - {offset})"

    def start_ms(self, slot: int) -> int:
        """The beginning of a slot: of a day, the first moment whose local time is not before its midnight."""
        if self.every_ms != DAY_MS:
            return slot
        midnight_ms = slot * DAY_MS
        ends = [after.from_ms for after in self.offsets[1:]]
        for offset, end_ms in zip(self.offsets, [*ends, _END_MS], strict=True):
            start_ms = midnight_ms - offset.offset_ms
            if start_ms < end_ms:
                return start_ms if offset is self.offsets[0] else max(start_ms, offset.from_ms)
        return midnight_ms - self.offsets[-1].offset_ms

    def end_ms(self, slot: int) -> int:
        """The end of a slot."""
        return self.start_ms(slot + 1) if self.every_ms == DAY_MS else slot + self.every_ms

    def dated(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row with the beginning of its `slot` in its place."""
        return {"start_ms": self.start_ms(int(row.pop("slot"))), **row}

    def _within(self, first_ms: int, last_ms: int) -> Sequence[UtcOffset]:
        """The offsets that hold at any time between two, and two days before, where the first day begins."""
        offsets = self.offsets
        begin = max(0, bisect_right(offsets, first_ms - 2 * DAY_MS, key=lambda offset: offset.from_ms) - 1)
        return offsets[begin : max(begin + 1, bisect_right(offsets, last_ms, key=lambda offset: offset.from_ms))]
