"""The session of a person on this machine: a file that only the operating system's user may read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from pipeline.errors import PolicyError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

_NAME: Final = "session.json"
_OTHERS: Final = 0o077


def session_path() -> Path:
    """The file: below ``XDG_STATE_HOME``, else ``~/.local/state``."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "viapublica" / _NAME


def write_session(where: str, token: str) -> Path:
    """Store the id of a session, of mode 0600; the file.

    Raises:
        OSError: it cannot be written.
    """
    path = session_path()
    private_folder(path.parent)
    write_atomically(path, json.dumps({"register": str(Path(where).absolute()), "token": token}).encode())
    return path


def read_session(where: str) -> str:
    """The id of the session with a registry; "" where there is none.

    Raises:
        PolicyError: other users could read or replace it, or it is damaged.
    """
    path = session_path()
    try:
        status, found = path.stat(), json.loads(path.read_bytes())
        token = str(found["token"]) if found["register"] == str(Path(where).absolute()) else ""
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(
            f"session {path}", f"cannot be used ({type(error).__name__})", "Log in again: viapublica login"
        ) from error
    if status.st_mode & _OTHERS or status.st_uid != os.geteuid():
        raise PolicyError(f"session {path}", "may be read by others, so it does not count", "Log in again")
    return token


def remove_session() -> None:
    """Forget the session on this machine."""
    session_path().unlink(missing_ok=True)
