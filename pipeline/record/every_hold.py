"""Holds in force of an installation: of the folders of recorded video, and of the data folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.domain.hold import Hold
from pipeline.record.holds import Holds


def every_hold(folders: Iterable[Path], now_ms: int | None = None) -> list[Hold]:
    """The holds of some folders, each once.

    Without a recorder, holds lie in the data folder: they preserve events and previews alone.

    Args:
        folders: of recorded video, and the data folder; those that do not exist have no holds.
        now_ms: see `Holds.all`.

    Raises:
        RecordError: a file of holds cannot be read, so it is not known what must be preserved.
    """
    return list({hold.hold_id: hold for folder in folders for hold in Holds(folder).all(now_ms)}.values())
