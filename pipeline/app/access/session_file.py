"""The session of a person on this machine: a file that only the operating system's user may read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import PolicyError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

_NAME: Final = "session.json"
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that was opened.

    Attributes:
        login: of the account; path: file of the session.
        ended_sessions: number of older sessions that it ended.
    """

    login: str
    path: Path
    ended_sessions: int


def session_path(name: str = _NAME) -> Path:
    """The file: below ``XDG_STATE_HOME``, else ``~/.local/state``."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "viapublica" / name


def write_session(where: str, token: str) -> Path:
    """Store the id of a session, of mode 0600; the file.

    Raises:
        OSError: it cannot be written.
    """
    return store_session(_NAME, {"register": str(Path(where).absolute()), "token": token})


def read_session(where: str) -> str:
    """The id of the session with a registry; "" where there is none.

    Raises:
        PolicyError: other users could read or replace it, or it is damaged.
    """
    found = stored_session(_NAME, ("register", "token"))
    return found["token"] if found and found["register"] == str(Path(where).absolute()) else ""


def remove_session() -> None:
    """Forget the session on this machine."""
    forget_session(_NAME)


def store_session(name: str, values: Mapping[str, str]) -> Path:
    """Store the values of a session in a file of mode 0600; the file.

    Raises:
        OSError: it cannot be written.
    """
    path = session_path(name)
    private_folder(path.parent)
    write_atomically(path, json.dumps(dict(values)).encode())
    return path


def stored_session(name: str, keys: tuple[str, ...]) -> dict[str, str] | None:
    """The values of a stored session; None where there is none.

    Raises:
        PolicyError: other users could read or replace it, or it is damaged.
    """
    path = session_path(name)
    try:
        status, found = path.stat(), json.loads(path.read_bytes())
        values = {key: str(found[key]) for key in keys}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PolicyError(
            f"session {path}", f"cannot be used ({type(error).__name__})", "Log in again: viapublica login"
        ) from error
    if status.st_mode & _OTHERS or status.st_uid != os.geteuid():
        raise PolicyError(f"session {path}", "may be read by others, so it does not count", "Log in again")
    return values


def forget_session(name: str) -> None:
    """Remove a stored session."""
    session_path(name).unlink(missing_ok=True)
