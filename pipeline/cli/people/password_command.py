"""`viapublica password`: people change their own password."""

from __future__ import annotations

import sys

import typer

from pipeline.cli.common.console import err, print_json, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.domain.plural import counted


@with_option_groups
def password(*, options: RegistryOptions) -> None:
    """Change your password, with the present one and a one-time code.

    All your sessions, personal tokens and subscribed devices end. Without a terminal the present and the new password
    are the first two lines of standard input, and --code gives the code. Who forgot the password asks their
    administration for a new invitation.

    Example: [bold]viapublica password[/]
    """
    from pipeline.app.access.sign_in import acting
    from pipeline.app.people.own_account import change_password

    with options.opened(with_code=False) as registry:
        held = acting(registry, options.where)
        login = held.actor.person().login
        present, new = _asked()
        made = change_password(held, None, password=present, new=new, code=options.given_code(), origin="command line")
    if options.as_json:
        print_json({"login": login, "ended_sessions": made.ended})
        return
    ended = counted(made.ended, "session")
    say(err, f"the password of {login} is changed; {ended} ended, with all tokens: log in again")


def _asked() -> tuple[str, str]:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n"), sys.stdin.readline().rstrip("\n")
    present = typer.prompt("present password", hide_input=True, err=True)
    return present, typer.prompt("new password", hide_input=True, confirmation_prompt=True, err=True)
