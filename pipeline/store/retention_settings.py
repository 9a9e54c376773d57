"""Retention settings: days that the event store retains each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator

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


if TYPE_CHECKING:
    _DaysOfGroup = BaseModel
else:
    _DaysOfGroup = create_model(
        "_DaysOfGroup",
        **{
            spec.table: (
                Days | None,
                Field(
                    default=None,
                    title=spec.retention_about.capitalize(),
                    description=f"Days that {spec.retention_about} of these cameras are stored; empty: as of all.",
                ),
            )
            for spec in SPECS.values()
        },
    )


class RetentionGroup(_DaysOfGroup):
    """A group of cameras, such as those of a sector, with periods of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(title="Name", description="Of the group or sector, for reports.", min_length=1, max_length=100)
    cameras: tuple[str, ...] = Field(title="Cameras", description="Ids of its cameras.", min_length=1)
    video: Days | None = Field(
        default=None,
        title="Recorded video",
        description="Days that recorded video of these cameras is stored; empty: record.days.",
    )

    if TYPE_CHECKING:

        def __init__(self, **fields: object) -> None: ...

    def days(self, table: Table) -> int | None:
        """Days that a table's rows of these cameras are retained; None for those of all cameras."""
        days: int | None = getattr(self, table.name)
        return days


class RetentionSettings(_DaysOfTables):
    """Days that the event store retains each class of data; a day is dropped as a whole. Null is without limit.

    One field for each table: see `EventSpec.retention_days`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: tuple[RetentionGroup, ...] = Field(
        default=(),
        title="Groups of cameras",
        description="Cameras with periods of their own, shorter or longer; a camera is in one group at most.",
    )

    @field_validator("groups")
    @classmethod
    def _cameras_are_in_one_group(cls, groups: tuple[RetentionGroup, ...]) -> tuple[RetentionGroup, ...]:
        cameras = [camera for group in groups for camera in group.cameras]
        twice = sorted({camera for camera in cameras if cameras.count(camera) > 1})
        if twice:
            raise ValueError(f"camera {twice[0]!r} is in two groups; each may be in one")
        return groups

    if TYPE_CHECKING:

        def __init__(self, **fields: object) -> None: ...

    def video_days(self) -> dict[str, int]:
        """Days of recorded video, by camera; without those of which no group says anything."""
        return {camera: group.video for group in self.groups if group.video for camera in group.cameras}

    def personal_days(self, camera: str) -> int | None:
        """The longest period of personal events of a camera; None where one of them has no limit."""
        group = next((one for one in self.groups if camera in one.cameras), None)
        tables = [spec.table for spec in SPECS.values() if spec.personal]
        periods = [(group and getattr(group, table)) or self._of(table) for table in tables]
        return None if None in periods else max(days for days in periods if days is not None)

    def days(self, table: Table) -> int | None:
        """Days that a table is retained; None without limit."""
        return self._of(table.name)

    def longest_days(self, table: Table) -> int | None:
        """The longest period of a table, of any group; None without limit."""
        return None if (days := self.days(table)) is None else max([days, *self._of_groups(table)])

    def _of_groups(self, table: Table) -> list[int]:
        return [days for group in self.groups if (days := group.days(table)) is not None]

    def check_window(self, sink: str, retain_s: float) -> None:
        """A spool's retained window holds copies of personal events, so it must not outlive them.

        Args:
            sink: name of the spool's sink.
            retain_s: seconds that delivered events stay there.

        Raises:
            ValueError: it is longer than the retention of plate reads or tracks.
        """
        for name in (spec.table for spec in SPECS.values() if spec.personal):
            of_groups = [days for group in self.groups if (days := getattr(group, name)) is not None]
            days = min([*filter(None, [self._of(name)]), *of_groups], default=None)
            if days is not None and retain_s > days * _DAY_S:
                raise ValueError(
                    f"sink {sink!r} keeps delivered events for {retain_s / _DAY_S:g} days (sinks[].spool.retain_s), "
                    f"but retention.{name} is {days} days; shorten retain_s to {days * _DAY_S} or less"
                )

    def _of(self, table: str) -> int | None:
        days: int | None = getattr(self, table)
        return days
