"""Folders of the sinks below the data folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import SinkError
from pipeline.storage.folders import private_folder


def sink_folder(path: Path) -> Path:
    """`path`, created where missing, for this user only.

    Raises:
        SinkError: it cannot be created.
    """
    try:
        return private_folder(path)
    except OSError as error:
        raise SinkError(str(path), f"the folder cannot be created: {error.strerror}") from error
