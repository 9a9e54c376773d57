"""Cameras whose first images may count as their confirmed view: those that were declared first in this run."""

from __future__ import annotations

import time
from pathlib import Path

from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.errors import ConfigError
from pipeline.storage.declared_cameras import DeclaredCameras


class NewViews:
    """The declarations of a data folder before a run, so that what the run declares is known to be new.

    A camera that was declared before, and whose confirmed view is missing, may have been moved meanwhile. Only the
    first run of a version that watches views learns those of all cameras.

    Args:
        data_dir: the data folder; made before the run declares its cameras.

    Raises:
        ConfigError: the folder cannot be written.
    """

    def __init__(self, data_dir: Path) -> None:
        self._declared = DeclaredCameras(data_dir)
        self._began_ms = time.time_ns() // 1_000_000
        self._first_run = self._declared.note_views_watched()

    def may_learn(self, declaration: CameraDeclaration) -> bool:
        """Whether the first images of a camera without a stored view may count as its confirmed one."""
        try:
            first_ms = self._declared.first_ms(declaration.camera_id)
        except ConfigError:
            return False
        return self._first_run or first_ms is None or first_ms >= self._began_ms
