"""Log-in of a person on this machine, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.app.access.session_file import read_session, remove_session, write_session
from pipeline.app.people.identity import SessionCredential
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.people import RegisteredPerson
from pipeline.errors import PolicyError

_ORIGIN = "command line"


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was opened.

    Attributes:
        person: of the account; path: file of the session.
        ended_sessions: number of older sessions that it ended.
    """

    person: RegisteredPerson
    path: Path
    ended_sessions: int


def acting(opened: OpenRegistry, where: str) -> OpenRegistry:
    """The registry for the holder of this user's session; without one, for the person who works as this user alone.

    Raises:
        PolicyError: the session's file does not count.
    """
    token = read_session(where)
    return opened.held_by(SessionCredential(token)) if token else opened


def sign_in(opened: OpenRegistry, where: str, login: str, *, password: str, code: str) -> Session:
    """Log in with password and one-time code, and store the session for the user of the operating system.

    Args:
        opened: the registry; where: its place; login, password, code: as typed.

    Raises:
        PolicyError: anything is wrong; the text does not say what.
        OSError: the session cannot be stored.
    """
    signed = opened.registry.sign_in(login, password, code, _ORIGIN)
    return Session(signed.person, write_session(where, signed.token), signed.ended_sessions)


def sign_out(opened: OpenRegistry, where: str) -> bool:
    """End the session of this user, here and in the registry; whether there was one."""
    token = read_session(where)
    remove_session()
    if not token:
        return False
    try:
        opened.registry.sign_out(token)
    except PolicyError:
        return False
    return True
