"""`viapublica login` and `logout`: a session of this user, by password and one-time code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.cli.common.console import err, print_json, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.domain.plural import counted
from pipeline.errors import PolicyError


@with_option_groups
def login(
    name: Annotated[str, typer.Argument(metavar="LOGIN", help="Login of the account.", show_default=False)],
    *,
    options: RegistryOptions,
) -> None:
    """Log in with password and one-time code, for the commands of this user.

    They act for the account then. The session ends 30 minutes after its last use, after 12 hours, or with viapublica
    logout. Without a terminal the password is the first line of standard input, and --code gives the code.

    Example: [bold]viapublica login ana.souza[/]
    """
    from pipeline.app.access.sign_in import sign_in

    at_terminal = sys.stdin.isatty()
    password = typer.prompt("password", hide_input=True, err=True) if at_terminal else sys.stdin.readline().rstrip("\n")
    code = options.code
    if code is None:
        if not at_terminal:
            raise PolicyError("one-time code", "is needed, and there is no terminal to ask at", "Give --code")
        code = str(typer.prompt("one-time code", err=True))
    with options.opened(with_code=False) as registry:
        opened = sign_in(registry, options.where, name, password=password, code=code)
    if options.as_json:
        print_json({"login": opened.person.login, "session": str(opened.path), "ended": opened.ended_sessions})
        return
    say(err, f"logged in: {opened.person.login}; session in {opened.path}")
    if opened.ended_sessions:
        ended = counted(opened.ended_sessions, "older session")
        say(err, ("warning:", "yellow"), f" {ended} ended; if another person opened it, report it")


@with_option_groups
def logout(*, options: RegistryOptions) -> None:
    """End the session of this user.

    Example: [bold]viapublica logout[/]
    """
    from pipeline.app.access.sign_in import sign_out

    with options.opened(with_code=False) as registry:
        ended = sign_out(registry, options.where)
    if options.as_json:
        print_json({"ended": ended})
    else:
        say(err, "logged out" if ended else "there was no session")
