"""`viapublica release`: the sub-app, and what its commands share.

Commands register themselves on `app` when their module is imported: `release_requests` what is entered and decided,
`release_commands` what the register knows, `release_build` what makes and checks files.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from pipeline.errors import ReleaseError

if TYPE_CHECKING:
    from pipeline.governance.register import Register

DEFAULT_REGISTER = "viapublica-register/register.db"

app = typer.Typer(
    help="The register of disclosures: ask, decide, look up, and the month's sheet. Nothing leaves without an entry.",
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
    place = zone_of(zone)
    from pipeline.governance.register import Register  # here: SQLAlchemy takes long to import

    with Register(where, zone=place, create=create) as register:
        yield register


def zone_of(name: str | None) -> tzinfo | None:
    """The zone of --zone; None is the machine's.

    Raises:
        ReleaseError: it is none.
    """
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ReleaseError(f"--zone {name!r}", "is no time zone", "Write it like America/Sao_Paulo or UTC") from None


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


def moment_ms(option: str, text: str | None) -> int | None:
    """Milliseconds since 1970 UTC of a time with its zone; None when it was not given.

    Raises:
        ReleaseError: it is none, or has no zone.
    """
    if text is None:
        return None
    example = "Write it with its zone, such as 2026-11-22T08:00-03:00"
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ReleaseError(f"{option} {text!r}", "is not understood", example) from None
    if moment.tzinfo is None:
        raise ReleaseError(f"{option} {text!r}", "has no time zone", example)
    return round(moment.timestamp() * 1000)
