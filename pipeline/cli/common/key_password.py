"""Password of an encrypted signing key: from a file, the environment or the terminal, never from the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.errors import ReleaseError

_VARIABLE: Final = "VIAPUBLICA_KEY_PASSWORD"
_LONGEST_BYTES: Final = 4096

KeyPasswordFileOption = Annotated[
    Path | None,
    typer.Option(
        "--key-password-file",
        envvar="VIAPUBLICA_KEY_PASSWORD_FILE",
        help=f"File with the password of an encrypted key.  [default: {_VARIABLE}, otherwise it is asked for]",
        show_default=False,
    ),
]


def key_password(file: Path | None, *, confirm: bool = False) -> Callable[[], bytes]:
    """The source of the password, which is read when a key turns out to be encrypted.

    Args:
        file: its content, less a trailing newline, is the password; None for the variable or the terminal.
        confirm: ask twice, for a new password.
    """

    def read() -> bytes:
        if file is not None:
            return _from_file(file)
        if _VARIABLE in os.environ:
            return os.environb[_VARIABLE.encode()]
        if not sys.stdin.isatty():
            raise ReleaseError(
                "the password of the key",
                "is missing, and there is no terminal to ask for it",
                f"Give --key-password-file, or set {_VARIABLE}",
            )
        answer: str = typer.prompt("Password of the key", hide_input=True, confirmation_prompt=confirm, err=True)
        return answer.encode()

    return read


def stated_password(file: Path | None) -> bytes | None:
    """The password in the file or the variable, for a server that can ask no one; None where neither has one.

    Raises:
        ReleaseError: the file cannot be read.
    """
    return key_password(file)() if file is not None or _VARIABLE in os.environ else None


def _from_file(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_LONGEST_BYTES + 1)
    except OSError as error:
        raise ReleaseError(str(file), f"cannot be read ({error.strerror})", "Check the path") from error
    password = content.removesuffix(b"\n").removesuffix(b"\r")
    if not password or len(content) > _LONGEST_BYTES:
        raise ReleaseError(
            str(file), "contains no password", "Write the password into its first line, and nothing else"
        )
    return password
