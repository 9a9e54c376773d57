"""`viapublica release`: the sub-app, and the options that its commands share.

Commands register themselves on `app` when their module is imported: `request_commands` for entries and decisions,
`register_commands` for queries, `build_commands` for files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.default_config import named_config
from pipeline.cli.common.register_options import register_of
from pipeline.cli.common.store_options import zone_of
from pipeline.domain.locale import Locale

if TYPE_CHECKING:
    from pipeline.app.release.register_service import AuditedRegister

app = typer.Typer(
    help="Disclosures: request, decide, build, deliver, find.\n\n"
    "Nothing is released without an entry in the register.\n\nExample: [bold]viapublica release list[/]",
    no_args_is_help=True,
)

ByOption = Annotated[
    str | None,
    typer.Option("--by", help="Name of the person who does this.  [default: your login name]", show_default=False),
]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone",
        envvar="VIAPUBLICA_ZONE",
        help="Time zone of the institution, such as America/Sao_Paulo.  "
        "[default: that of the configuration, else the machine's]",
        show_default=False,
    ),
]
ReportLocaleOption = Annotated[Locale | None, typer.Option("--locale", help="pt-BR: report in Portuguese.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
NumberArgument = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Number of the disclosure, such as 2026/000123.", show_default=False)
]


@contextmanager
def opened(register: str | None, config: Path | None, zone: str | None = None) -> Iterator[AuditedRegister]:
    """The register of --register or --config, in the time zone of --zone or the configuration.

    Raises:
        ViapublicaError: it cannot be opened, or the zone is unknown.
    """
    place = zone_of(zone, config)
    from pipeline.app.release.register_service import open_register  # here: SQLAlchemy takes long to import

    with open_register(register_of(register, config), place, config=named_config(config)) as entries:
        yield entries
