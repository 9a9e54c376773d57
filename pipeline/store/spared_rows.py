"""Rows of a day that its disposal spares or reaches: held ones, and those of cameras with periods of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipeline.domain.hold import Hold
from pipeline.store.backends.database import bind
from pipeline.store.erasure_selection import held_rows
from pipeline.store.retention_settings import RetentionGroup
from pipeline.store.schema.tables import Table


def longer_rows(table: Table, groups: Sequence[RetentionGroup], age_days: int) -> str:
    """SQL condition of the rows of groups that retain a day of this age; "" without any."""
    retaining = (group for group in groups if (days := group.days(table)) is not None and age_days <= days)
    return _of_cameras([camera for group in retaining for camera in group.cameras])


def shorter_rows(table: Table, groups: Sequence[RetentionGroup], age_days: int) -> str:
    """SQL condition of the rows of groups for which a day of this age is over; "" without any."""
    over = (group for group in groups if (days := group.days(table)) is not None and age_days > days)
    return _of_cameras([camera for group in over for camera in group.cameras])


def spared_rows(table: Table, near: Collection[Hold], longer: str) -> str:
    """SQL condition of the rows that are spared; "" where none is."""
    return " OR ".join(filter(None, (held_rows(table, near), longer)))


def _of_cameras(cameras: Sequence[str]) -> str:
    return " OR ".join(bind("camera_id = {camera}", {"camera": camera}) for camera in cameras)
