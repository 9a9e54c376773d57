"""`viapublica plates`, `events`, `cameras`: queries on the event store, also while a run writes to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from pipeline.app.answer_columns import READ, SIMILAR
from pipeline.app.questions import SURE, Answer, Cameras, CameraSummary, Events, NoteCode, Plates
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.plate_input import AnyPlateOption, given_plates
from pipeline.cli.query.options import ConfidenceOption, ServedQueryOptions, ServedStoreOptions
from pipeline.cli.query.output import AnswerTable, UnseenPlate
from pipeline.cli.query.table_portuguese import detail
from pipeline.domain.event_kinds import spec_of
from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.domain.language import ENGLISH, Language
from pipeline.domain.listed_vehicles import ListedVehicles
from pipeline.domain.plate import check_question
from pipeline.errors import ViapublicaError

_READ_COLUMNS = ["layout", "confidence", "votes", "vehicle", "track", "frame"]
"""Of the table of reads, behind time, camera, plate and what a list says."""
_UNSEEN: Final = frozenset({NoteCode.NOT_SEEN, NoteCode.UNCERTAIN_ONLY})
_EVENT_TYPES: Final = {kind.__struct_config__.tag: kind for kind in get_args(Event)}


@with_option_groups
def plates(
    plate: Annotated[
        list[str] | None,
        typer.Argument(
            help="Plates, old or Mercosul form; with --like also * and ?; @FILE or - reads one.",
            metavar="PLATE",
            callback=given_plates,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="A list of further plates: one per line, or XLSX or CSV with a column placa; - is standard input.",
        ),
    ] = None,
    like: Annotated[bool, typer.Option("--like", help="Plates are patterns: * any characters, ? one.")] = False,
    errors: Annotated[int, typer.Option("--errors", help="1: also reads with one wrong character.")] = 0,
    min_confidence: ConfidenceOption = SURE,
    any_plate: AnyPlateOption = False,
    *,
    query: ServedQueryOptions,
) -> None:
    """Find the reads of plates, newest first. ABC1234 and its converted form ABC1C34 are one vehicle.

    Ends with status 3 when nothing is found, and 4 when nothing is found but the answer may be incomplete. Of several
    plates it names those that were not seen.

    Example: [bold]viapublica plates ABC1C34 --from 7d --camera av-paulista-900[/]

    Example: [bold]viapublica plates --file wanted.txt --errors 1 --parquet hits.parquet[/]

    Example: [bold]viapublica plates 'ABC*' --like --json[/]
    """
    output, zone = query.output(), query.time_zone()
    _check_errors(errors, like)
    wanted = [check_question(text, like=like, any_plate=any_plate) for text in plate or ()]
    listed = ListedVehicles()
    if file is not None:
        if query.server is not None:
            raise ViapublicaError("--file --server", "cannot be combined", "Name up to ten plates")
        from pipeline.domain.plate_list import read_plate_list  # here: most questions name their plates

        listed = read_plate_list(_content(file), str(file), like=like, any_plate=any_plate, errors=errors)
        query.check_listed(listed, str(file))
        wanted += listed.plates
    if not wanted:
        raise ViapublicaError("plates", "none is given", "Write viapublica plates ABC1D23, or --file LIST")
    question = Plates(plates=tuple(wanted), like=like, errors=errors, min_confidence=min_confidence, **query.scope())
    answer = query.ask(question)
    vehicles = replace(listed, plates=tuple(wanted), like=like, errors=errors)
    language = query.language
    named = ", ".join(wanted) if len(wanted) <= 5 else language.counted(len(wanted), "plate")
    table = _reads_table(_ReadRows(answer, vehicles, zone, language), offset=query.offset, listed=bool(file))
    output.show(language.text("Reads of {plates}", plates=named), answer, answer.value, table)


@with_option_groups
def events(
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only this kind.")] = None,
    min_confidence: ConfidenceOption = SURE,
    *,
    query: ServedQueryOptions,
) -> None:
    """List events, newest first.

    Example: [bold]viapublica events --kind count --from today[/]
    """
    output, zone, language = query.output(), query.time_zone(), query.language
    question = Events(kind=kind, min_confidence=min_confidence, **query.scope())
    answer = query.ask(question)
    table = AnswerTable(
        list(_EVENT_TYPES.values()) if kind is None else [_EVENT_TYPES[kind.value]],
        ["time", "camera", "kind", "details"],
        lambda event: (
            language.time(event.ts_ms, zone),
            answer.camera_label(event.camera_id),
            _kind(event),
            _details(event, language),
        ),
    )
    output.show(language.text("Events"), answer, answer.value, table)


@with_option_groups
def cameras(*, options: ServedStoreOptions) -> None:
    """List the cameras that sent events: last seen, state, counts per kind.

    Example: [bold]viapublica cameras --json[/]
    """
    output, zone, language = options.output(), options.time_zone(), options.language
    answer = options.ask(Cameras())
    table = AnswerTable(
        [CameraSummary],
        ["camera", "last seen", "state", *(kind.value for kind in Kind)],
        lambda row: (
            answer.camera_label(row.camera_id),
            language.time(row.last_seen_ms, zone),
            row.state or "-",
            *(row.events.get(kind, 0) for kind in Kind),
        ),
    )
    output.show(language.text("Cameras"), answer, answer.value, table)


def _kind(event: Event) -> str:
    return str(event.__struct_config__.tag)


def _details(event: Event, language: Language) -> str:
    values = [(name, value) for name in spec_of(event).shown if (value := getattr(event, name)) not in (None, "")]
    return ", ".join(f"{name} {value}" if language is ENGLISH else detail(name, value) for name, value in values)


@dataclass(frozen=True, slots=True)
class _ReadRows:
    """Rows of the table of reads.

    Attributes:
        answer: the reads; vehicles: all that were asked about; zone: of the times; language: of the table.
    """

    answer: Answer[list[PlateReadEvent]]
    vehicles: ListedVehicles
    zone: tzinfo | None
    language: Language

    @property
    def several(self) -> bool:
        """Whether a read need not be of the plate that was asked about."""
        return len(self.vehicles.plates) > 1 or self.vehicles.like or bool(self.vehicles.errors)

    def is_similar(self, read: PlateReadEvent) -> bool:
        """Whether only a plate with one other character was asked about."""
        return self.vehicles.only_similar(read.plate_key)

    def headings(self) -> list[str]:
        """Of all columns."""
        return ["time", "camera", "plate", *self.added("asked plate", "status"), *self.vehicles.columns, *_READ_COLUMNS]

    def added(self, asked: str, status: str) -> list[str]:
        """The columns that only some questions need: the plate that was asked about, and the status of the read."""
        return [*([asked] if self.several else []), *([status] if self.vehicles.errors else [])]

    def row(self, read: PlateReadEvent) -> Sequence[Any]:
        """Of a read."""
        vehicles = self.vehicles
        asked, status = vehicles.asked(read.plate, read.plate_key), SIMILAR if self.is_similar(read) else READ
        return (
            self.language.time(read.ts_ms, self.zone),
            self.answer.camera_label(read.camera_id),
            read.plate,
            *self.added(asked, status),
            *vehicles.about(read.plate, read.plate_key).values(),
            read.layout.value,
            read.confidence,
            read.votes,
            read.vehicle or "-",
            read.track_id,
            read.frame,
        )

    def unseen_row(self, one: UnseenPlate) -> Sequence[Any]:
        """Of a plate without a read: the code of the note about it, and no values."""
        return (
            self.language.text(one.code.replace("-", " ")),
            "",
            "" if self.several else one.plate,
            *self.added(one.plate, ""),
            *one.about.values(),
            *([""] * len(_READ_COLUMNS)),
        )


def _reads_table(rows: _ReadRows, *, offset: int, listed: bool) -> AnswerTable[PlateReadEvent]:
    """The table of reads.

    Args:
        rows: its rows.
        offset: of the page: only the first says which plates were not seen.
        listed: a list was given, whose plates without a read are rows too.
    """
    vehicles = rows.vehicles
    return AnswerTable(
        [PlateReadEvent],
        rows.headings(),
        rows.row,
        asked=lambda read: vehicles.asked(read.plate, read.plate_key),
        similar=rows.is_similar,
        listed=vehicles.columns if listed else None,
        about=lambda read: vehicles.about(read.plate, read.plate_key),
        unseen=_unseen(rows.answer, vehicles) if listed and not offset else (),
        unseen_row=rows.unseen_row,
    )


def _unseen(answer: Answer[list[PlateReadEvent]], vehicles: ListedVehicles) -> list[UnseenPlate]:
    """The plates without a read, in the order of the list, each with the code of the note about it."""
    named = {plate: note.code for note in answer.notes if note.code in _UNSEEN for plate in note.items}
    if len(vehicles.plates) == 1 and not answer.value:
        uncertain = any(note.code is NoteCode.UNCERTAIN for note in answer.notes)
        named = {vehicles.plates[0]: NoteCode.UNCERTAIN_ONLY if uncertain else NoteCode.NOT_SEEN}
    found = (plate for plate in vehicles.plates if plate in named)
    return [UnseenPlate(plate, named[plate].value, vehicles.of_plate(plate)) for plate in found]


def _check_errors(errors: int, like: bool) -> None:
    if errors not in {0, 1}:
        raise ViapublicaError(
            f"--errors {errors}", "is not supported", "Write --errors 1, or --like with ? for each unknown character"
        )
    if errors and like:
        raise ViapublicaError(
            "--errors --like", "cannot be combined", "Put ? into the pattern for a character that may be wrong"
        )


def _content(file: Path) -> bytes:
    """The bytes of a list.

    Raises:
        ViapublicaError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ViapublicaError(
            f"--file {file}", f"cannot be read ({error.strerror})", "Name a text, CSV or XLSX file of plates"
        ) from error
