"""Confirmed views of the cameras of a data folder: one file each, of its state and of the edges of its background."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.domain.confirmed_view import ViewRecord
from pipeline.errors import ConfigError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder
from pipeline.storage.locks import locked

_FOLDER: Final = "views"
_SUFFIX: Final = ".view"


class StoredView(NamedTuple):
    """A view as it is stored.

    Attributes:
        record: its state.
        edges: of its background, see `pipeline.engine.view_reference`; empty while it is learned.
        stamp: of the file, see `ConfirmedViews.stamp`.
    """

    record: ViewRecord
    edges: bytes
    stamp: object


class ConfirmedViews:
    """The confirmed views of a data folder. Several processes may use it.

    Args:
        data_dir: the data folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER

    def stamp(self, camera_id: str) -> object:
        """What changes with each change of a camera's file; None where there is none."""
        try:
            status = self._path(camera_id).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def read(self, camera_id: str) -> StoredView | None:
        """The view of a camera; None where none is stored.

        Raises:
            ConfigError: the file is corrupt or cannot be read.
        """
        stamp = self.stamp(camera_id)
        try:
            head, _, edges = self._path(camera_id).read_bytes().partition(b"\n")
            return StoredView(ViewRecord.from_json(json.loads(head)), edges, stamp)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"view of camera {camera_id} in {self._path(camera_id)}",
                f"cannot be read ({type(error).__name__}), so it is not known whether the camera was moved",
                f"Restore the file, or delete it and confirm the view: viapublica camera confirm {camera_id}",
            ) from error

    def write(self, camera_id: str, record: ViewRecord, edges: bytes, *, instead: object = ...) -> object | None:
        """Store the view of a camera, for this user only.

        Args:
            camera_id: the camera.
            record: its state; edges: of its background.
            instead: the stamp of the file that is to be replaced; nothing is written where it is another one by now.

        Returns:
            The new stamp; None where nothing was written.

        Raises:
            OSError: the disk does not take it.
        """
        private_folder(self._folder)
        with locked(self._folder / ".lock"):
            if instead is not ... and self.stamp(camera_id) != instead:
                return None
            head = json.dumps(record.as_json(), sort_keys=True).encode()
            write_atomically(self._path(camera_id), head + b"\n" + edges)
            return self.stamp(camera_id)

    def _path(self, camera_id: str) -> Path:
        return self._folder / f"{camera_id}{_SUFFIX}"
