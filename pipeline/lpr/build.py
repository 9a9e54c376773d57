"""Settings to a `PlateReader`."""

from __future__ import annotations

from pathlib import Path

from pipeline.domain.ports import PlateReader
from pipeline.lpr.plate_reader import FastPlateReader
from pipeline.lpr.settings import LprSettings


def build_reader(settings: LprSettings, models_dir: Path | None = None) -> PlateReader:
    """The reader that the settings describe, loaded and checked.

    Raises:
        ModelCardError, ModelIntegrityError, ModelRuntimeError: weights or card cannot be used.
    """
    return FastPlateReader(settings, models_dir)
