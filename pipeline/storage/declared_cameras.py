"""Declarations of all cameras of a data folder, with the times from which they hold; also of removed cameras."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Final

import structlog

from pipeline.domain.camera import Camera
from pipeline.domain.camera_declaration import CameraDeclaration, DatedDeclaration
from pipeline.errors import ConfigError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.declaration_log import DeclarationLog
from pipeline.storage.folders import private_folder
from pipeline.storage.locks import locked

_FOLDER: Final = "declarations"
_SUFFIX: Final = ".jsonl"
_VIEWS_WATCHED: Final = "views-watched"
_CAMERA: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

_log = structlog.get_logger(__name__)


class DeclaredCameras:
    """What every camera of a data folder was declared to be, and from when on. Several processes may use it.

    Args:
        data_dir: the data folder.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / _FOLDER
        self._restored = self._folder / "restored"

    def declare(self, declarations: Iterable[CameraDeclaration]) -> None:
        """Note the present declarations; each change is logged with the keys that differ.

        Raises:
            ConfigError: they cannot be written, so that nothing would remain of a change; or a file is corrupt.
        """
        now_ms = time.time_ns() // 1_000_000
        try:
            private_folder(self._folder)
            with locked(self._folder / ".lock"):
                for declaration in declarations:
                    self._note(declaration, now_ms)
                self._restored.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed("written", error) from error

    def note_restored(self) -> None:
        """Note that the folder comes from a backup: how its cameras are declared today is not known before `declare`.

        Raises:
            OSError: it cannot be noted.
        """
        private_folder(self._folder)
        write_atomically(self._restored, b"")

    def note_views_watched(self) -> bool:
        """Note that views of cameras are watched from now on; whether they were not before.

        Raises:
            ConfigError: it cannot be noted.
        """
        note = self._folder / _VIEWS_WATCHED
        try:
            private_folder(self._folder)
            if note.exists():
                return False
            write_atomically(note, b"")
        except OSError as error:
            raise self._failed("written", error) from error
        return True

    def first_ms(self, camera_id: str) -> int | None:
        """When a camera was declared first, milliseconds since 1970 UTC; None where it never was.

        Raises:
            ConfigError: its file is corrupt or cannot be read.
        """
        try:
            found = DeclarationLog(self._folder / f"{camera_id}{_SUFFIX}").read()
        except OSError as error:
            raise self._failed("read", error) from error
        return found[0].from_ms if found else None

    def all(self) -> dict[str, list[DatedDeclaration]]:
        """All declarations of each camera, in the order written; none where they were restored and not renewed since.

        Raises:
            ConfigError: a file is corrupt or cannot be read.
        """
        try:
            if self._restored.exists():
                return {}
            paths = sorted(self._folder.glob(f"*{_SUFFIX}"))
            return {path.stem: DeclarationLog(path).read() for path in paths if _CAMERA.fullmatch(path.stem)}
        except OSError as error:
            raise self._failed("read", error) from error

    def cameras(self) -> dict[str, Camera]:
        """Each camera as it was declared last, with the names of all traffic areas that it has ever had.

        Figures of areas that were renamed or removed may still wait to be delivered.

        Raises:
            ConfigError: see `all`.
        """
        return {camera_id: _newest(found) for camera_id, found in self.all().items() if found}

    def _note(self, declaration: CameraDeclaration, now_ms: int) -> None:
        camera_id = declaration.camera_id
        before = DeclarationLog(self._folder / f"{camera_id}{_SUFFIX}").declare(declaration, now_ms)
        if before is not None:
            changed = before.declaration.differing_keys(declaration)
            old, new = before.declaration.camera, declaration.camera
            _log.warning(
                "camera_declared_anew", camera=camera_id, changed=changed, scope=new.scope.value, was=old.scope.value
            )

    def _failed(self, done: str, error: OSError) -> ConfigError:
        return ConfigError(
            f"declarations in {self._folder}",
            f"cannot be {done} ({error.strerror}), so it is not known which plates may be read",
            "Check rights and disk of the data folder",
        )


def _newest(found: Sequence[DatedDeclaration]) -> Camera:
    names = reduce(or_, (dated.declaration.camera.areas for dated in found))
    return replace(found[-1].declaration.camera, areas=names)
