"""Files of an answer: CSV for machines and for Brazilian spreadsheets, XLSX, Parquet."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from pipeline.app import answer_columns
from pipeline.app.answer_columns import LIST_COLUMN, Column
from pipeline.app.output_files import output_file
from pipeline.app.questions import Answer
from pipeline.cli.common.console import MACHINE_CSV, CsvStyle, csv_writer
from pipeline.cli.query.portuguese_texts import HEADINGS, NOTES, VALUES
from pipeline.domain.extras import missing_package
from pipeline.domain.locale import Locale
from pipeline.domain.spreadsheet_text import spreadsheet_text
from pipeline.domain.times import local_time, offset_text, zone_name

Rows = Sequence[Mapping[str, Any]]

_WIDEST: Final = 60


@dataclass(frozen=True, slots=True)
class FileForm:
    """Form of a CSV or XLSX file.

    Attributes:
        locale: of its readers; None for machines.
        zone: of its dates; None for the machine's own.
    """

    locale: Locale | None = None
    zone: tzinfo | None = None

    @property
    def brazilian(self) -> bool:
        """Whether it is for readers in Brazil."""
        return self.locale is Locale.PT_BR

    def headings(self, columns: Sequence[Column], rows: Rows = ()) -> list[str]:
        """The first row of a spreadsheet: with the offset from UTC that the times of the rows have."""
        return [self._heading(column, rows) for column in columns]

    def cell(self, column: Column, row: Mapping[str, Any], answer: Answer[Any]) -> Any:
        """A value of a row, in the words of the readers."""
        value = column.value(row, answer.cameras)
        return _in_portuguese(column, value) if self.brazilian else value

    def notes(self, answer: Answer[Any]) -> Iterator[tuple[str, str]]:
        """The notes on an answer: names and texts, in rows. A further item of a note has no name of its own."""
        yield ("fuso horário" if self.brazilian else "time zone"), zone_name(self.zone)
        if self.brazilian:
            yield "completa", "sim" if answer.complete else "não, ver abaixo"
        else:
            yield "complete", "yes" if answer.complete else "no, see below"
        for note in answer.notes:
            yield (NOTES[note.code.value] if self.brazilian else note.code.value), note.text
            yield from (("", item) for item in note.items)

    def _heading(self, column: Column, rows: Rows) -> str:
        name = _portuguese_heading(column) if self.brazilian else column.name
        if column.kind is not datetime:
            return name
        moments = [moment for row in rows if (moment := column.value(row, {})) is not None]
        offsets = dict.fromkeys(offset_text(moment.astimezone(self.zone)) for moment in moments)
        return f"{name} ({(' ou ' if self.brazilian else ' or ').join(offsets) or zone_name(self.zone)})"

    @property
    def in_utc_unasked(self) -> bool:
        """Whether it is for Brazil, with times in UTC only because that is the machine's own zone."""
        now = local_time(time.time_ns() // 1_000_000, self.zone)
        return self.brazilian and self.zone is None and not now.utcoffset()

    def csv_cell(self, value: Any) -> Any:
        """A value as it stands in CSV."""
        if not isinstance(value, datetime):
            return "" if value is None else value
        if self.brazilian:
            return f"{value.astimezone(self.zone):%d/%m/%Y %H:%M:%S}"
        return value.astimezone(self.zone).isoformat(timespec="milliseconds")


def write_csv(
    target: str,
    rows: Rows,
    columns: Sequence[Column],
    answer: Answer[Any],
    form: FileForm,
) -> None:
    """Write CSV: for Brazil as spreadsheets open it there, else with commas, points and ISO 8601 times of the zone.

    For Brazil the notes on the answer are written beside it, see `notes_file`.

    Raises:
        ViapublicaError: a file cannot be written.
    """
    style = CsvStyle(delimiter=";", decimal=",", with_bom=True) if form.brazilian else MACHINE_CSV
    # Times of machine CSV carry their offset themselves, and its headings never change.
    headings = form.headings(columns, rows) if form.brazilian else [column.name for column in columns]
    with csv_writer(target, headings, style) as writer:
        writer.writerows([form.csv_cell(form.cell(column, row, answer)) for column in columns] for row in rows)
    if beside := notes_file(target, form):
        with csv_writer(beside, ["nota", "texto"], style) as writer:
            writer.writerows(form.notes(answer))


def notes_file(target: str, form: FileForm) -> str:
    """The file with the notes on an answer in CSV for Brazil: ``hits.notas.csv`` beside ``hits.csv``; "" for none."""
    if not form.brazilian or target == "-" or (Path(target).exists() and not Path(target).is_file()):
        return ""
    return str(Path(target).with_suffix(".notas.csv"))


def write_xlsx(
    target: str,
    rows: Rows,
    columns: Sequence[Column],
    answer: Answer[Any],
    form: FileForm,
) -> None:
    """Write a spreadsheet with real numbers and dates of the zone, and a second sheet with the notes on the answer.

    Raises:
        ViapublicaError: the file cannot be written.
        MissingComponent: openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font
        from openpyxl.utils import get_column_letter
    except ImportError as error:
        raise missing_package("openpyxl", f"cannot be imported: {error}") from error
    workbook = Workbook(write_only=True)
    moment = "dd/mm/yyyy hh:mm:ss" if form.brazilian else "yyyy-mm-dd hh:mm:ss"
    bold = Font(bold=True)

    def cell(sheet: Any, value: Any, font: Any = None) -> Any:
        """A number, a date or a text, and never a formula."""
        made = WriteOnlyCell(sheet)
        if isinstance(value, datetime):
            made.value = value.astimezone(form.zone).replace(tzinfo=None)  # spreadsheets know no zones
            made.number_format = moment
        elif isinstance(value, int | float):
            made.value = value
        elif value not in {None, ""}:
            made.value, made.data_type = spreadsheet_text(str(value)), "s"
        if font is not None:
            made.font = font
        return made

    data = workbook.create_sheet("respostas" if form.brazilian else "answer")
    data.freeze_panes = "A2"
    headings = form.headings(columns, rows)
    for number, heading in enumerate(headings, start=1):
        data.column_dimensions[get_column_letter(number)].width = min(_WIDEST, max(12, len(heading) + 4))
    data.append([cell(data, heading, bold) for heading in headings])
    for row in rows:
        data.append([cell(data, form.cell(column, row, answer)) for column in columns])
    notes = workbook.create_sheet("notas" if form.brazilian else "notes")
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 20, 120
    for name, text in form.notes(answer):
        notes.append([cell(notes, name, bold), cell(notes, text)])
    with output_file("--xlsx", target, "wb") as stream:
        workbook.save(stream)


def write_parquet(target: str, rows: Rows, columns: Sequence[Column], answer: Answer[Any]) -> None:
    """Write Parquet, with times as timestamps in UTC.

    Raises:
        ViapublicaError: the file cannot be written.
        MissingComponent: pyarrow is not installed.
    """
    with output_file("--parquet", target, "wb") as stream:
        answer_columns.write_parquet(stream, rows, columns, answer.cameras)


def _portuguese_heading(column: Column) -> str:
    """The heading for readers in Brazil."""
    for way in ("from", "to"):
        if column.name.startswith(f"{way}_"):
            rest = column.name.removeprefix(f"{way}_")
            return f"{HEADINGS[way]}: {HEADINGS.get(rest, rest)}"
    if column.name.startswith(LIST_COLUMN):
        return f"lista: {column.name.removeprefix(LIST_COLUMN)}"
    return HEADINGS.get(column.name, column.name)


def _in_portuguese(column: Column, value: Any) -> Any:
    """The value for readers in Brazil: the program's own words, such as the kind of an event, are translated."""
    return VALUES.get(column.name, {}).get(value, value) if isinstance(value, str) else value
