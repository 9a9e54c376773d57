"""Options of the commands on incidents: event store, register and language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from pipeline.app.questions import Answer, Events
from pipeline.cli.common.console import print_json
from pipeline.cli.common.evaluation_note import note_evaluation
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ConfigOption, DataOption, ZoneOption, stores_of, zone_of
from pipeline.cli.hotlists.app import hot_lists
from pipeline.cli.query.options import CaseOption, LocaleOption, PurposeOption, ServedQueryOptions, ServerOption
from pipeline.cli.query.portuguese_texts import messages_language
from pipeline.domain.language import Language
from pipeline.domain.requester import Requester
from pipeline.domain.times import find_zone

if TYPE_CHECKING:
    from pipeline.app.alerts.incidents import Incidents
    from pipeline.app.remote.server_incidents import ServerIncidents
    from pipeline.domain.events import Event

IncidentArgument = Annotated[
    str, typer.Argument(metavar="INCIDENT", help="Id of the incident, or its first characters.", show_default=False)
]
HitsOption = Annotated[
    bool, typer.Option("--hits", help="Incidents of listed plates, of the entries whose hits you see.")
]
TakeOverOption = Annotated[
    bool, typer.Option("--take-over", help="Also if another person has it; they are named in its steps.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOptions:
    """Options of every command that changes or shows one incident."""

    config: ConfigOption = None
    data: DataOption = None
    register: RegisterOption = None
    server: ServerOption = None
    zone: ZoneOption = None
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False
    locale: LocaleOption = None
    purpose: PurposeOption = ""
    case: CaseOption = ""
    hits: HitsOption = False

    @property
    def language(self) -> Language:
        """The language of tables and messages."""
        return messages_language(self.locale)

    def requester(self) -> Requester:
        """The operating system's user, with purpose and case of these options, else of the environment."""
        own = Requester.of_process()
        return Requester(user=own.user, purpose=self.purpose or own.purpose, case=self.case or own.case)

    def time_zone(self) -> ZoneInfo | None:
        """The zone of --zone, else that of the configuration of this machine, which says nothing about a server."""
        return find_zone(self.zone) if self.server is not None else zone_of(self.zone, self.config, self.data)

    def time(self, at_ms: int) -> str:
        """A time for people."""
        return self.language.time(at_ms, self.time_zone())

    def show_json(self, value: Any) -> bool:
        """Print a value as JSON where --json was given; whether it was."""
        if self.as_json:
            print_json(asdict(value))
        return self.as_json


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentListOptions(ServedQueryOptions):
    """Options of a list of incidents."""

    register: RegisterOption = None
    hits: HitsOption = False


@contextmanager
def opened_incidents(options: IncidentOptions | IncidentListOptions) -> Iterator[Incidents | ServerIncidents]:
    """The incidents of this machine or of a server, for the person who acts.

    Raises:
        ViapublicaError: the register cannot be opened, or the address is none of a server.
    """
    if options.server is not None:
        from pipeline.app.remote.server_address import parse_server
        from pipeline.app.remote.server_incidents import ServerIncidents

        yield ServerIncidents(parse_server(options.server), options.requester(), hits=options.hits)
        return
    # Here: SQLAlchemy takes long to import.
    from pipeline.app.alerts.incidents import Incidents

    note_evaluation(portuguese=options.locale is not None)
    where = register_of(options.register, options.config, options.data)
    stores = stores_of(options.config, options.data)
    with Incidents(where, stores, options.requester(), partial(_ask, options)) as incidents:
        yield incidents


def _ask(options: IncidentOptions | IncidentListOptions, question: Events) -> Answer[list[Event]]:
    """Ask the event store for alerts: for those of listed plates, or for all others."""
    from pipeline.app.queries import open_queries

    stores = stores_of(options.config, options.data)
    with open_queries(stores, options.requester(), options.time_zone(), options.locale) as queries:
        if not options.hits:
            return queries.ask(question)
        from pipeline.app.hotlists.list_hits import hit_alerts  # here: SQLAlchemy takes long to import

        with hot_lists(options.register, options.config, options.data, options.requester()) as service:
            return hit_alerts(service, queries)(question)
