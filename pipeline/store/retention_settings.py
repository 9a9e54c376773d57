"""How many days each table is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.store.schema.tables import Table

Days = Annotated[int, Field(ge=1, le=36_500)]
"""Whole days: a hundred years at most."""
_DAY_S = 86_400


class RetentionSettings(BaseModel):
    """Days that the event store keeps each class of data; a day is dropped as a whole. Null keeps for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plate_reads: Days | None = Field(
        default=7,
        title="Plate reads",
        description="Days that reads of plates are kept; null keeps them for ever. They tell where a vehicle was.",
    )
    tracks: Days | None = Field(
        default=7,
        title="Tracks",
        description="Days that tracks are kept; null keeps them for ever. With reads they tell where a vehicle went.",
    )
    counts: Days | None = Field(
        default=1095,
        title="Counts",
        description="Days that counts per minute are kept; null keeps them for ever. They hold nothing personal.",
    )
    alerts: Days | None = Field(
        default=365, title="Alerts", description="Days that alerts are kept; null keeps them for ever."
    )
    health: Days | None = Field(
        default=90, title="Health", description="Days that states of cameras are kept; null keeps them for ever."
    )

    def days(self, table: Table) -> int | None:
        """Days that a table is kept; None for ever."""
        kept: int | None = getattr(self, table.name)
        return kept

    def check_window(self, sink: str, retain_s: float) -> None:
        """A spool's retained window holds copies of plate reads and tracks, so it must not outlive them.

        Args:
            sink: whose spool.
            retain_s: seconds that delivered events stay there.

        Raises:
            ValueError: it is longer than one of the two is kept.
        """
        for name, days in (("plate_reads", self.plate_reads), ("tracks", self.tracks)):
            if days is not None and retain_s > days * _DAY_S:
                raise ValueError(
                    f"sink {sink!r} keeps delivered events for {retain_s / _DAY_S:g} days (sinks[].spool.retain_s), "
                    f"but retention.{name} is {days} days; shorten retain_s to {days * _DAY_S} or less"
                )
