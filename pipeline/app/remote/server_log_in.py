"""Log-in of a person at a server, and its end; the session is stored for the user of the operating system."""

from __future__ import annotations

from typing import Final

from pipeline.app.access.session_file import OpenedSession, forget_session, store_session, stored_session
from pipeline.app.remote.server_address import ServerAddress
from pipeline.app.remote.server_connection import ServerSession, ask_server
from pipeline.errors import NotLoggedIn, StoreError

_FILE: Final = "server-session.json"
_KEYS: Final = ("server", "cookie", "token", "csrf")


def sign_in_at(address: ServerAddress, login: str, *, password: str, code: str) -> OpenedSession:
    """Log in with password and one-time code, and store the session.

    Raises:
        NotLoggedIn: anything is wrong; the text does not say what.
        StoreError: the server does not answer.
        OSError: the session cannot be stored.
    """
    reply = ask_server(address, "POST", "/session", {"login": login, "password": password, "code": code})
    try:
        account, csrf, ended = (reply.content[name] for name in ("account", "csrf_token", "ended_sessions"))
        opened, number = str(account["login"]), int(ended)
    except (KeyError, TypeError, ValueError):
        opened, csrf, number = "", "", 0
    if not opened or reply.cookie is None:
        raise StoreError(f"server {address}", "opens no session that this program knows", "Check --server")
    cookie, token = reply.cookie
    path = store_session(_FILE, {"server": str(address), "cookie": cookie, "token": token, "csrf": str(csrf)})
    return OpenedSession(opened, path, number)


def session_at(address: ServerAddress) -> ServerSession:
    """The stored session with a server.

    Raises:
        NotLoggedIn: there is none.
        PolicyError: other users could read or replace it, or it is damaged.
    """
    found = stored_session(_FILE, _KEYS)
    if found is None or found["server"] != str(address):
        raise NotLoggedIn(
            f"server {address}", "has no session of yours", f"Log in: viapublica login LOGIN --server {address}"
        )
    return ServerSession(found["cookie"], found["token"], found["csrf"])


def sign_out_at(address: ServerAddress) -> bool:
    """End the stored session, here and at the server; whether it still counted there.

    Raises:
        NotLoggedIn: there is none; PolicyError: the file does not count.
        StoreError: the server does not answer; the session is forgotten here, and ends there without use.
    """
    session = session_at(address)
    forget_session(_FILE)
    try:
        ask_server(address, "DELETE", "/session", session=session)
    except NotLoggedIn:
        return False
    return True
