"""Retention settings: days that the event store retains each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.domain.event_kinds import SPECS, EventSpec
from pipeline.store.schema.tables import Table

Days = Annotated[int, Field(ge=1, le=36_500)]
"""Whole days: a hundred years at most."""
_DAY_S: Final = 86_400


def _field(spec: EventSpec) -> Any:
    return Field(
        default=spec.retention_days,
        title=spec.retention_about.capitalize(),
        description=f"Days that {spec.retention_about} are stored; null stores them without limit. "
        f"{spec.retention_note}".rstrip(),
    )


if TYPE_CHECKING:
    _DaysOfTables = BaseModel
else:
    _DaysOfTables = create_model(
        "_DaysOfTables", **{spec.table: (Days | None, _field(spec)) for spec in SPECS.values()}
    )


class RetentionSettings(_DaysOfTables):
    """Days that the event store retains each class of data; a day is dropped as a whole. Null is without limit.

    One field for each table: see `EventSpec.retention_days`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    if TYPE_CHECKING:

        def __init__(self, **days: int | None) -> None: ...

    def days(self, table: Table) -> int | None:
        """Days that a table is retained; None without limit."""
        return self._of(table.name)

    def check_window(self, sink: str, retain_s: float) -> None:
        """A spool's retained window holds copies of personal events, so it must not outlive them.

        Args:
            sink: name of the spool's sink.
            retain_s: seconds that delivered events stay there.

        Raises:
            ValueError: it is longer than the retention of plate reads or tracks.
        """
        for name in (spec.table for spec in SPECS.values() if spec.personal):
            days = self._of(name)
            if days is not None and retain_s > days * _DAY_S:
                raise ValueError(
                    f"sink {sink!r} keeps delivered events for {retain_s / _DAY_S:g} days (sinks[].spool.retain_s), "
                    f"but retention.{name} is {days} days; shorten retain_s to {days * _DAY_S} or less"
                )

    def _of(self, table: str) -> int | None:
        days: int | None = getattr(self, table)
        return days
