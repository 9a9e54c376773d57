"""Options that name the registry of people and cameras, and the second factor of the person who acts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.cli.common.console import print_json
from pipeline.cli.common.default_config import has_config
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ZoneOption, stores_of, zone_of
from pipeline.domain.people import Validity
from pipeline.domain.requester import Requester
from pipeline.domain.times import format_time, parse_time
from pipeline.errors import PolicyError

if TYPE_CHECKING:
    from pipeline.app.cameras.camera_administration import CameraAdministration
    from pipeline.app.people.administration import Administration
    from pipeline.app.people.open_registry import OpenRegistry

_DATA: Final = Path("data")
"""The data folder of a configuration that names none."""

RegistryConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration whose data folder has the audit."),
]
RegistryDataOption = Annotated[
    Path | None,
    typer.Option("--data", envvar="VIAPUBLICA_DATA_DIR", help="Data folder of the audit, without a configuration."),
]
CodeOption = Annotated[
    str | None,
    typer.Option(
        "--code",
        envvar="VIAPUBLICA_CODE",
        help="Your one-time code; it counts for 15 minutes. Asked for at a terminal.",
        show_default=False,
    ),
]
UntilOption = Annotated[str, typer.Option("--until", help="End of the validity: 2027-11-30.")]
SinceOption = Annotated[str, typer.Option("--from", help="Begin of the validity: like --until.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOptions:
    """Options of every command on people, institutions and registered cameras."""

    code: CodeOption = None
    config: RegistryConfigOption = None
    data: RegistryDataOption = None
    register: RegisterOption = None
    zone: ZoneOption = None
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False

    @property
    def where(self) -> str:
        """The database."""
        return register_of(self.register, self.config, self.data)

    @property
    def stores(self) -> ConfiguredStores:
        """Those that name the audit and the screen of free texts."""
        if self.data is None and not has_config(self.config):
            return ConfiguredStores.of_data_dir(_DATA)
        return stores_of(self.config, self.data)

    @contextmanager
    def opened(self, *, with_code: bool = True) -> Iterator[OpenRegistry]:
        """The registry; the person gives a one-time code where the last one does not count any more.

        Raises:
            ViapublicaError: it cannot be opened, is not set up, or the code is missing or wrong.
        """
        # Here: SQLAlchemy takes long to import.
        from pipeline.app.access.sign_in import acting
        from pipeline.app.people.open_registry import open_registry

        where = self.where
        with open_registry(where, self.stores, Requester.of_process()) as registry:
            if not with_code:
                yield registry
                return
            held = acting(registry, where)
            if self.code is not None or held.actor.needs_code():
                held.actor.confirm(self.given_code())
            yield held

    @contextmanager
    def people(self) -> Iterator[Administration]:
        """People and institutions, for the person who acts."""
        from pipeline.app.people.administration import Administration

        with self.opened() as registry:
            yield Administration(registry)

    @contextmanager
    def cameras(self) -> Iterator[CameraAdministration]:
        """Registered cameras, for the person who acts."""
        from pipeline.app.cameras.camera_administration import CameraAdministration

        with self.opened() as registry:
            yield CameraAdministration(registry)

    def given_code(self) -> str:
        """The one-time code of --code, else of the terminal.

        Raises:
            PolicyError: there is none.
        """
        if self.code is not None:
            return self.code
        if not sys.stdin.isatty():
            raise PolicyError(
                "one-time code", "is needed, and there is no terminal to ask at", "Give --code (or VIAPUBLICA_CODE)"
            )
        return str(typer.prompt("one-time code", err=True))

    def time_ms(self, text: str) -> int:
        """A time that was given, in the zone of --zone or the configuration.

        Raises:
            ViapublicaError: it is none.
        """
        return parse_time(text, zone_of(self.zone, self.config, self.data))

    def period(self, until: str, since: str = "") -> Validity:
        """A validity; without a begin, from now.

        Raises:
            ViapublicaError: a time is none.
        """
        return Validity(self.time_ms(since or "0s"), self.time_ms(until))

    def date(self, at_ms: int | None) -> str:
        """A time for a table; "-" for none."""
        return "-" if at_ms is None else format_time(at_ms, zone_of(self.zone, self.config, self.data))[:16]

    def show_json(self, value: Any) -> bool:
        """Print a value of the registry as JSON where --json was given; whether it was."""
        if self.as_json:
            values = value if isinstance(value, tuple) else (value,)
            for one in values:
                print_json(asdict(one))
        return self.as_json
