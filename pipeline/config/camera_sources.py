"""Logins of cameras: user and password beside the address, percent-encoded into it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.config.camera_settings import CameraSettings
from pipeline.domain.network_address import BadAddress, is_network_address, split_address

__all__ = ["NAMES_VARIABLE", "NO_VARIABLE", "password_of", "read_password", "source_with_login"]

NO_VARIABLE: Final = "names no variable of the environment"
NAMES_VARIABLE: Final = "Set a variable, and give its name here; never the password itself"
"""Neither quotes the name: it may be the password, written in the wrong place."""
_LONGEST_PASSWORD: Final = 4096
"""Bytes of a password file; more is another file."""


def password_of(camera: CameraSettings, folder: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The password of a camera whose `user` is set; "" when none is configured.

    Args:
        camera: the camera.
        folder: relative paths start here.
        environ: the variables; `password_env` is one of them.

    Raises:
        BadAddress: the file cannot be read, is empty, or is no password.
    """
    if camera.password_env is not None:
        return environ.get(camera.password_env, "")
    if camera.password_file is None:
        return ""
    return read_password(folder / camera.password_file.expanduser())


def read_password(path: Path) -> str:
    """The password in a file, without the newline at its end and a U+FEFF at its beginning.

    Raises:
        BadAddress: the file cannot be read, is empty, or is no password.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LONGEST_PASSWORD + 1)
        text = content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadAddress(f"the password file {path} is not UTF-8 text", "Save it as UTF-8") from None
    except OSError as error:
        # What names no file may be the password itself.
        problem = f"the password file{f' {path}' if path.exists() else ''} cannot be read ({error.strerror})"
        fix = "Give the path of a file that holds the password, never the password itself; this user must read it"
        raise BadAddress(problem, fix) from None
    if not text or len(content) > _LONGEST_PASSWORD:
        problem = f"the password file {path} {'is empty' if not text else 'is too long for a password'}"
        raise BadAddress(problem, "Write the password into it, as one line")
    return text


def source_with_login(camera: CameraSettings, folder: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The address of a camera with its `user` and password, percent-encoded.

    Raises:
        BadAddress: the password cannot be read, or address and login do not fit.
    """
    if camera.user is None:
        return camera.source
    if not is_network_address(camera.source):
        raise BadAddress(
            "a file needs no user", "Remove user and password, or write an address such as rtsp://host/path"
        )
    address = split_address(camera.source)
    if address.login is not None:
        raise BadAddress("the address contains a login, and user is set too", "Remove the login from the address")
    return address.with_login(camera.user, password_of(camera, folder, environ)).text
