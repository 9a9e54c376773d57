"""Passwords of cameras in files beside the configuration, which names them and never holds a password."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pipeline.errors import ConfigError

_FOLDER: Final = Path("secrets")


def store_camera_password(config: Path, camera_id: str, password: str) -> str:
    """Write the password of a camera into a file that this user alone reads; its path, relative to the configuration.

    Args:
        config: the configuration; camera_id: of the camera; password: of its login.

    Raises:
        ConfigError: the file exists already, or cannot be written.
    """
    path = config.resolve().parent / _FOLDER / camera_id
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{password}\n")
    except FileExistsError:
        raise ConfigError(str(path), "exists already", "Give it as --password-file, or delete it") from None
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror})", "Give --password-env instead") from None
    return str(_FOLDER / camera_id)


def remove_camera_password(config: Path, file: str) -> None:
    """Remove the password of a camera that was not added after all."""
    (config.resolve().parent / file).unlink(missing_ok=True)
