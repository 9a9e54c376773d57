"""Log-in of a person on this machine, and its end."""

from __future__ import annotations

from pipeline.app.access.session_file import OpenedSession, read_session, remove_session, write_session
from pipeline.app.people.identity import SessionCredential
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.errors import PolicyError

_ORIGIN = "command line"


def acting(opened: OpenRegistry, where: str) -> OpenRegistry:
    """The registry for the holder of this user's session; without one, for the person who works as this user alone.

    Raises:
        PolicyError: the session's file does not count.
    """
    token = read_session(where)
    return opened.held_by(SessionCredential(token)) if token else opened


def sign_in(opened: OpenRegistry, where: str, login: str, *, password: str, code: str) -> OpenedSession:
    """Log in with password and one-time code, and store the session for the user of the operating system.

    Args:
        opened: the registry; where: its place; login, password, code: as typed.

    Raises:
        PolicyError: anything is wrong; the text does not say what.
        OSError: the session cannot be stored.
    """
    signed = opened.registry.sign_in(login, password, code, _ORIGIN)
    return OpenedSession(signed.person.login, write_session(where, signed.token), signed.ended_sessions)


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
