"""`viapublica release`: the sub-app, and what its commands share.

Commands register themselves on `app` when their module is imported: `release_requests` what is entered and decided,
`release_commands` what the register knows, `release_build` what makes and checks files.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.domain.times import find_zone
from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from pipeline.governance.register import Register

DEFAULT_REGISTER = "viapublica-register/register.db"

app = typer.Typer(
    help="Disclosures: request, decide, build, deliver, look up.\n\n"
    "Nothing leaves without an entry in the register.\n\nExample: [bold]viapublica release list[/]",
    no_args_is_help=True,
)

RegisterOption = Annotated[
    str,
    typer.Option(
        "--register",
        envvar="VIAPUBLICA_REGISTER",
        help="File of the register (SQLite), or an address such as postgresql+psycopg://user@host/name.",
    ),
]
ByOption = Annotated[
    str | None,
    typer.Option("--by", help="Who does it, by name.  [default: your login name here]", show_default=False),
]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone",
        envvar="VIAPUBLICA_ZONE",
        help="Time zone of the institution, such as America/Sao_Paulo.  [default: the machine's]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
NumberArgument = Annotated[
    str, typer.Argument(metavar="NUMBER", help="The disclosure's number, such as 2026/000123.", show_default=False)
]


@contextmanager
def opened(where: str, zone: str | None = None, *, create: bool = False) -> Iterator[Register]:
    """The register.

    Args:
        where: --register; zone: --zone.
        create: make one where there is none.

    Raises:
        ViapublicaError: it cannot be opened, or the zone is none.
    """
    place = find_zone(zone)
    from pipeline.governance.register import Register  # here: SQLAlchemy takes long to import

    with Register(where, zone=place, create=create) as register:
        yield register


def person(by: str | None) -> str:
    """Who does it: --by, or who is logged in.

    Raises:
        ReleaseError: the operating system has no name for this user.
    """
    if by is not None:
        return by
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise ReleaseError("--by", "is missing, and your user has no name here", "Say who you are: --by NAME") from None
