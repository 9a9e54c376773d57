"""Cameras found to show the scene of another one whose declaration differs, for every process of a data folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import ConfigError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

_FILE: Final = Path("declarations") / "scene-conflicts.json"


class _Conflict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    camera: str
    twin: str
    reason: str


class SceneConflicts:
    """The conflicts that the run of a data folder has found; it alone writes them.

    Args:
        data_dir: the data folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / _FILE

    def read(self) -> dict[tuple[str, str], str]:
        """Each camera with the one whose scene it shows, and the reason why its plates are refused.

        Raises:
            ConfigError: the file is corrupt or cannot be read.
        """
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=list[_Conflict])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(
                str(self._path),
                f"cannot be read ({type(error).__name__}), so it is not known which plates may be read",
                "Restore the file; or delete it, and start the run, which compares the cameras anew",
            ) from error
        return {(one.camera, one.twin): one.reason for one in found}

    def write(self, conflicts: Mapping[tuple[str, str], str]) -> None:
        """Store all conflicts, in place of those before.

        Raises:
            OSError: the disk does not take them.
        """
        private_folder(self._path.parent)
        rows = [_Conflict(camera, twin, reason) for (camera, twin), reason in conflicts.items()]
        write_atomically(self._path, msgspec.json.encode(rows))
