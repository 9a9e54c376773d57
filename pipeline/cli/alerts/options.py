"""Options of the commands on incidents: event store, register and language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.app.queries import EventQueries
from pipeline.cli.common.console import print_json
from pipeline.cli.common.evaluation_note import note_evaluation
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ConfigOption, DataOption, ZoneOption, stores_of, zone_of
from pipeline.cli.hotlists.app import hot_lists
from pipeline.cli.query.options import CaseOption, LocaleOption, PurposeOption
from pipeline.cli.query.portuguese_texts import messages_language
from pipeline.domain.language import Language
from pipeline.domain.requester import Requester

if TYPE_CHECKING:
    from pipeline.app.alerts.incidents import AskAlerts, Incidents

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

    @contextmanager
    def opened(self) -> Iterator[Incidents]:
        """The incidents, for the person who acts.

        Raises:
            ViapublicaError: the register cannot be opened.
        """
        # Here: SQLAlchemy takes long to import.
        from pipeline.app.alerts.incidents import Incidents

        note_evaluation(portuguese=self.locale is not None)
        where = register_of(self.register, self.config, self.data)
        with Incidents(where, stores_of(self.config, self.data), self.requester()) as incidents:
            yield incidents

    @contextmanager
    def asking(self) -> Iterator[AskAlerts]:
        """What asks the event store for alerts: for those of listed plates, or for all others.

        Raises:
            ViapublicaError: the store cannot answer, or the person may not ask it.
        """
        with self.queries() as queries:
            if not self.hits:
                yield queries.ask
                return
            with hits_of(self.register, self.config, self.data, self.requester(), queries) as ask:
                yield ask

    def queries(self) -> EventQueries:
        """The event store.

        Raises:
            StoreError: it cannot answer.
        """
        from pipeline.app.queries import open_queries

        zone = zone_of(self.zone, self.config, self.data)
        return open_queries(stores_of(self.config, self.data), self.requester(), zone, self.locale)

    def time(self, at_ms: int) -> str:
        """A time for people."""
        return self.language.time(at_ms, zone_of(self.zone, self.config, self.data))

    def show_json(self, value: Any) -> bool:
        """Print a value as JSON where --json was given; whether it was."""
        if self.as_json:
            print_json(asdict(value))
        return self.as_json


@contextmanager
def hits_of(
    register: str | None, config: Path | None, data: Path | None, requester: Requester, queries: EventQueries
) -> Iterator[AskAlerts]:
    """What asks for alerts of listed plates, of the entries whose hits the person sees.

    Raises:
        ViapublicaError: the register cannot be opened, or the person may review no alerts.
    """
    from pipeline.app.hotlists.list_hits import hit_alerts  # here: SQLAlchemy takes long to import

    with hot_lists(register, config, data, requester) as service:
        yield hit_alerts(service, queries)
