"""Usual figures of cameras on the disk: one file per camera, which holds no event and nothing about a person."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import structlog

from pipeline.alerting.usual import Usual, UsualKey
from pipeline.storage.atomic import atomic_file
from pipeline.storage.folders import private_folder

_log = structlog.get_logger(__name__)
_FOLDER: Final = "usual-figures"


class _Row(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    rule: str
    subject: str
    hour: int
    counts: dict[int, float]


class _Stored(msgspec.Struct, forbid_unknown_fields=True):
    day: int
    rows: list[_Row]


class UsualFiles:
    """The files of a data folder.

    Args:
        data_dir: the data folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER

    def read(self, camera_id: str) -> Usual:
        """The figures of a camera; none where there are none, or where the file cannot be read, which is logged."""
        path = self._path(camera_id)
        try:
            stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        except FileNotFoundError:
            return Usual()
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("usual_figures_unreadable", camera=camera_id, file=str(path), error=type(error).__name__)
            return Usual()
        return Usual({UsualKey(row.rule, row.subject, row.hour): row.counts for row in stored.rows}, stored.day)

    def write(self, camera_id: str, usual: Usual) -> None:
        """Store the figures of a camera.

        Raises:
            OSError: the disk does not take them.
        """
        rows = [_Row(*key, counts) for key, counts in usual.stored() if counts]
        private_folder(self._folder)
        with atomic_file(self._path(camera_id), sync=False) as file:
            file.write(msgspec.json.encode(_Stored(usual.day, rows)))

    def _path(self, camera_id: str) -> Path:
        return self._folder / f"{camera_id}.json"
