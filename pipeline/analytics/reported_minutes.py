"""Numbers of the reports of each minute, so that a later report of one has an id of its own."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

_REMEMBERED_MINUTES: Final = 10_080
"""A week: how far a camera's clock may be set back before sequence numbers repeat."""


@dataclass(slots=True)
class ReportedMinutes:
    """Sequence numbers of reports, by the start of their minute."""

    _reports: OrderedDict[int, int] = field(default_factory=OrderedDict)

    def report(self, minute_ms: int) -> int:
        """Note a report; returns how often the minute was reported before."""
        sequence = self._reports.pop(minute_ms, 0)
        self._reports[minute_ms] = sequence + 1
        while len(self._reports) > _REMEMBERED_MINUTES:
            self._reports.popitem(last=False)
        return sequence
