"""Options that the query commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import typer

from pipeline.app.questions import MOST_ROWS, SURE, Answer, Question
from pipeline.cli.common.evaluation_note import note_evaluation
from pipeline.cli.common.store_options import (
    ConfigOption,
    DataOption,
    FromOption,
    ToOption,
    ZoneOption,
    stores_of,
    zone_of,
)
from pipeline.cli.query.answer_files import FileForm
from pipeline.cli.query.output import Output
from pipeline.cli.query.portuguese_texts import messages_language
from pipeline.domain.language import Language
from pipeline.domain.listed_vehicles import ListedVehicles
from pipeline.domain.locale import Locale
from pipeline.domain.requester import Requester
from pipeline.domain.times import find_zone, parse_range
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from pipeline.app.queries import EventQueries

A = TypeVar("A")

CameraOption = Annotated[list[str] | None, typer.Option("--camera", help="Only this camera; may be repeated.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=MOST_ROWS, help="The most rows to show.")]
OffsetOption = Annotated[int, typer.Option("--offset", min=0, help="Rows to skip, for paging.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON object per line; the last one holds the notes on the answer.")
]
ConfidenceOption = Annotated[
    float,
    typer.Option(
        "--min-confidence", min=0, max=1, help="Least confidence of a plate read; below 0.5 most are misread."
    ),
]
SureConfidenceOption = Annotated[
    float, typer.Option("--min-confidence", min=SURE, max=1, help="Least confidence of the plate reads that are used.")
]
CsvOption = Annotated[str | None, typer.Option("--csv", help="CSV to this file; - is standard output.")]
XlsxOption = Annotated[
    str | None, typer.Option("--xlsx", help="Spreadsheet to this file, with a second sheet for the notes.")
]
LocaleOption = Annotated[
    Locale | None,
    typer.Option("--locale", help="pt-BR: tables, notes and files in Portuguese; CSV with ; and decimal commas."),
]
PurposeOption = Annotated[
    str, typer.Option("--purpose", help="What it is for, such as criminal-investigation or requisition.")
]
CaseOption = Annotated[str, typer.Option("--case", help="Number of the case.")]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        envvar="VIAPUBLICA_SERVER",
        help="Ask a server (viapublica serve): https://city.example, or unix:/PATH of its socket. Log in there first.",
        show_default=False,
    ),
]
ParquetOption = Annotated[str | None, typer.Option("--parquet", help="Parquet to this file.")]


class Scope(TypedDict):
    """Fields of questions about a time range and some cameras, in pages."""

    start_ms: int | None
    end_ms: int | None
    camera_ids: tuple[str, ...]
    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """The event store to ask, and the form of the answer."""

    config: ConfigOption = None
    data: DataOption = None
    zone: ZoneOption = None
    as_json: JsonOption = False
    csv: CsvOption = None
    xlsx: XlsxOption = None
    locale: LocaleOption = None
    parquet: ParquetOption = None
    purpose: PurposeOption = ""
    case: CaseOption = ""

    def requester(self) -> Requester:
        """The operating system's user, with purpose and case of these options, else of the environment."""
        own = Requester.of_process()
        return Requester(user=own.user, purpose=self.purpose or own.purpose, case=self.case or own.case)

    def time_zone(self) -> ZoneInfo | None:
        """The zone of --zone, else that of the configuration; None for the machine's own.

        Raises:
            ViapublicaError: there is none of that name, or the configuration is not valid.
        """
        return zone_of(self.zone, self.config, self.data)

    @property
    def language(self) -> Language:
        """The language of tables and messages."""
        return messages_language(self.locale)

    def output(self) -> Output:
        """The form of the answer, checked before anything is asked.

        Raises:
            ViapublicaError: the options contradict one another, or the file cannot be written.
        """
        output = Output(
            as_json=self.as_json,
            csv=self.csv,
            xlsx=self.xlsx,
            parquet=self.parquet,
            form=FileForm(self.locale, self.time_zone()),
            note=self._note,
        )
        output.check()
        return output

    def _note(self, path: Path, rows: Sequence[msgspec.Struct]) -> None:
        from pipeline.app.noted_exports import note_export  # here and below: they take long to import

        note_export(stores_of(self.config, self.data), path, rows, self.requester())

    def check_listed(self, listed: ListedVehicles, name: str) -> None:
        """See `pipeline.app.screened_texts.check_listed`."""
        from pipeline.app.screened_texts import check_listed

        check_listed(listed, name, stores_of(self.config, self.data))

    def open(self) -> EventQueries:
        """The event store, asked by the operating system's user.

        Raises:
            ConfigError: no store is named, or the configuration has none.
            StoreError: the store cannot answer.
        """
        from pipeline.app.queries import open_queries

        note_evaluation(portuguese=self.locale is not None)
        return open_queries(stores_of(self.config, self.data), self.requester(), self.time_zone(), self.locale)

    def ask(self, question: Question[A]) -> Answer[A]:
        """The answer to one question, see `open` and `EventQueries.ask`."""
        with self.open() as store:
            return store.ask(question)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOptions(StoreOptions):
    """The same, with a time range, cameras and a page."""

    start: FromOption = None
    end: ToOption = None
    camera: CameraOption = None
    limit: LimitOption = 100
    offset: OffsetOption = 0

    def scope(self) -> Scope:
        """The fields of a question.

        Raises:
            ViapublicaError: a time is not understood or needs an offset, or the end does not lie after the start.
        """
        start_ms, end_ms = parse_range(self.start, self.end, self.time_zone())
        return {
            "start_ms": start_ms,
            "end_ms": end_ms,
            "camera_ids": tuple(self.camera or ()),
            "limit": self.limit,
            "offset": self.offset,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedStoreOptions(StoreOptions):
    """The event store of this machine or of a server."""

    server: ServerOption = None

    def time_zone(self) -> ZoneInfo | None:
        """See `StoreOptions`; of an answer from a server, the configuration of this machine says nothing."""
        return _zone(self, self.server)

    def output(self) -> Output:
        """See `StoreOptions`."""
        _check_form(self, self.server)
        return StoreOptions.output(self)

    def ask(self, question: Question[A]) -> Answer[A]:
        """See `StoreOptions`."""
        return StoreOptions.ask(self, question) if self.server is None else _ask(self, self.server, question)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedQueryOptions(QueryOptions):
    """The same, with a time range, cameras and a page."""

    server: ServerOption = None

    def time_zone(self) -> ZoneInfo | None:
        """See `ServedStoreOptions`."""
        return _zone(self, self.server)

    def output(self) -> Output:
        """See `StoreOptions`."""
        _check_form(self, self.server)
        return QueryOptions.output(self)

    def ask(self, question: Question[A]) -> Answer[A]:
        """See `StoreOptions`."""
        return QueryOptions.ask(self, question) if self.server is None else _ask(self, self.server, question)


def _zone(options: StoreOptions, server: str | None) -> ZoneInfo | None:
    return StoreOptions.time_zone(options) if server is None else find_zone(options.zone)


def _check_form(options: StoreOptions, server: str | None) -> None:
    """Require an answer of a server to be shown: a file would need its record as an export, which is not served.

    Raises:
        ViapublicaError: a file is wanted.
    """
    files = {"--csv": options.csv, "--xlsx": options.xlsx, "--parquet": options.parquet}
    for name, target in files.items() if server is not None else ():
        if target is not None:
            raise ViapublicaError(f"{name} --server", "cannot be combined", "Use --json, or ask where the data are")


def _ask(options: StoreOptions, server: str, question: Question[A]) -> Answer[A]:
    from pipeline.app.remote.server_address import parse_server
    from pipeline.app.remote.server_questions import ask_store_of

    return ask_store_of(parse_server(server), question, options.requester())
