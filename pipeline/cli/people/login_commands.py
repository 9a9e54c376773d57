"""`viapublica login` and `logout`: a session of this user, by password and one-time code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.app.access.session_file import OpenedSession
from pipeline.cli.common.console import err, print_json, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.cli.query.options import ServerOption
from pipeline.domain.plural import counted
from pipeline.errors import PolicyError


@with_option_groups
def login(
    name: Annotated[str, typer.Argument(metavar="LOGIN", help="Login of the account.", show_default=False)],
    server: ServerOption = None,
    *,
    options: RegistryOptions,
) -> None:
    """Log in with password and one-time code, for the commands of this user.

    They act for the account then. The session ends 30 minutes after its last use, after 12 hours, or with viapublica
    logout. With --server it is one with that server, for queries. Without a terminal the password is the first line
    of standard input, and --code gives the code.

    Example: [bold]viapublica login ana.souza[/]

    Example: [bold]viapublica login ana.souza --server https://city.example[/]
    """
    at_terminal = sys.stdin.isatty()
    password = typer.prompt("password", hide_input=True, err=True) if at_terminal else sys.stdin.readline().rstrip("\n")
    code = options.code
    if code is None:
        if not at_terminal:
            raise PolicyError("one-time code", "is needed, and there is no terminal to ask at", "Give --code")
        code = str(typer.prompt("one-time code", err=True))
    opened = _signed_in(options, server, name, password, code)
    if options.as_json:
        print_json({"login": opened.login, "session": str(opened.path), "ended": opened.ended_sessions})
        return
    say(err, f"logged in: {opened.login}; session in {opened.path}")
    if opened.ended_sessions:
        ended = counted(opened.ended_sessions, "older session")
        say(err, ("warning:", "yellow"), f" {ended} ended; if another person opened it, report it")


def _signed_in(options: RegistryOptions, server: str | None, name: str, password: str, code: str) -> OpenedSession:
    if server is None:
        from pipeline.app.access.sign_in import sign_in  # here: SQLAlchemy takes long to import

        with options.opened(with_code=False) as registry:
            return sign_in(registry, options.where, name, password=password, code=code)
    from pipeline.app.remote.server_address import parse_server
    from pipeline.app.remote.server_log_in import sign_in_at

    return sign_in_at(parse_server(server), name, password=password, code=code)


@with_option_groups
def logout(server: ServerOption = None, *, options: RegistryOptions) -> None:
    """End the session of this user, here or with a server.

    Example: [bold]viapublica logout[/]
    """
    ended = _signed_out(options, server)
    if options.as_json:
        print_json({"ended": ended})
    else:
        say(err, "logged out" if ended else "there was no session")


def _signed_out(options: RegistryOptions, server: str | None) -> bool:
    if server is None:
        from pipeline.app.access.sign_in import sign_out

        with options.opened(with_code=False) as registry:
            return sign_out(registry, options.where)
    from pipeline.app.remote.server_address import parse_server
    from pipeline.app.remote.server_log_in import sign_out_at

    return sign_out_at(parse_server(server))
