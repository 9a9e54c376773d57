"""`viapublica requests`: the sub-app, and what its commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.plate_input import given_plate
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ConfigOption, DataOption, ZoneOption, stores_of, zone_of
from pipeline.domain.requester import Requester
from pipeline.domain.subject_request import (
    SubjectRequestRecord,
)
from pipeline.domain.times import format_time, parse_time

if TYPE_CHECKING:
    from pipeline.app.rights.subject_requests import SubjectRequestService

app = typer.Typer(
    help="Requests of persons about their data: receive, search, decide, letter.\n\n"
    "Example: [bold]viapublica requests list --config configs/city.yaml[/]",
    no_args_is_help=True,
)

NumberArgument = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Number of the request, such as T2026/000001.", show_default=False)
]
PlateOption = Annotated[
    str | None,
    typer.Option(
        "--plate",
        help="Plate of the request: - reads it from standard input, @FILE from a file, so that no list of processes "
        "shows it. Only its keyed hash is stored.",
        callback=given_plate,
    ),
]
CameraOption = Annotated[
    list[str] | None, typer.Option("--camera", help="Camera of the place; may be repeated.", show_default=False)
]
ByOption = Annotated[
    str | None,
    typer.Option("--by", help="Name of the person who does this.  [default: your login name]", show_default=False),
]
LettersOption = Annotated[
    Path | None,
    typer.Option(
        "--letter",
        metavar="FOLDER",
        exists=True,  # or the request would be entered, and its letter fail
        file_okay=False,
        help="Write the letter (PDF/A, Portuguese) into this folder, which exists.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOptions:
    """Options that name register, stores and zone."""

    register: RegisterOption = None
    zone: ZoneOption = None
    config: ConfigOption = None
    data: DataOption = None
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False

    @contextmanager
    def opened(self, *, create: bool = False) -> Iterator[SubjectRequestService]:
        """The requests; overdue ones are named first.

        Raises:
            ViapublicaError: the register cannot be opened.
        """
        from pipeline.app.rights.subject_requests import SubjectRequestService  # here: SQLAlchemy takes long to import

        where = register_of(self.register, self.config, self.data)
        stores = stores_of(self.config, self.data)
        place = zone_of(self.zone, self.config, self.data)
        with SubjectRequestService(where, stores, Requester.of_process(), zone=place, create=create) as service:
            if late := service.overdue():
                say(err, ("overdue:", "bold red"), f" {', '.join(one.number for one in late)}")
            yield service

    def time(self, at_ms: int | None) -> str:
        """A time for people; "-" for none."""
        return "-" if at_ms is None else format_time(at_ms, zone_of(self.zone, self.config, self.data))

    def time_ms(self, text: str) -> int:
        """A time that was given, in the zone.

        Raises:
            ViapublicaError: it is none.
        """
        return parse_time(text, zone_of(self.zone, self.config, self.data))


def show_changed(found: SubjectRequestRecord, letter: Path | None, options: PlaceOptions, text: str) -> None:
    """A request that was changed, and the letter that was written.

    Args:
        found: the request; letter: the file, None without one; options: of the command.
        text: for people.
    """
    if options.as_json:
        print_json({**plain_request(found), "letter": None if letter is None else str(letter)})
        return
    say(out, text)
    if letter is not None:
        say(out, ("written ", "bold"), str(letter))


def plain_request(found: SubjectRequestRecord) -> dict[str, Any]:
    """A request with `--json`; the keyed hash of its plate stays inside."""
    plain = asdict(found)
    plain["request"]["vehicle"] = bool(plain["request"].pop("fingerprint"))
    return plain
