"""Files of answers that a person downloads; those for spreadsheets are headed by who took them, when and what for."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any, Final

import msgspec

from pipeline.app.answer_columns import columns_of, write_parquet
from pipeline.console.reader import Reader
from pipeline.domain.camera import Camera
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.purpose import Purpose
from pipeline.domain.spreadsheet_text import spreadsheet_text

CSV: Final = "text/csv; charset=utf-8"
PARQUET: Final = "application/vnd.apache.parquet"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Begins of a cell that a spreadsheet would compute."""


@dataclass(frozen=True, slots=True)
class FileHead:
    """What a file says of itself.

    Attributes:
        person: who takes it; purpose, case: as stated; name: of the file.
        now_ms: when it is taken, milliseconds since 1970 UTC.
        complete: whether nothing is known that could make rows be missing.
    """

    person: RegisteredPerson
    purpose: Purpose
    case: str
    name: str
    now_ms: int
    complete: bool


def csv_file(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], reader: Reader, head: FileHead) -> bytes:
    """CSV in UTF-8 with the separators of the reader's spreadsheets.

    Args:
        rows: of the answer; columns: their fields, in order; reader: whose language and zone it has; head: above them.
    """
    stream = StringIO()
    writer = csv.writer(stream, delimiter=";" if reader.is_portuguese else ",", lineterminator="\r\n")
    for line in _head(reader, head):
        writer.writerow([_cell(value) for value in line])
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(_value(column, row[column], reader)) for column in columns])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def parquet_file(
    values: Sequence[msgspec.Struct], cameras: Mapping[str, Camera], reader: Reader, head: FileHead
) -> bytes:
    """Parquet for programs, with the columns of ``--parquet``; its metadata say what the head of a CSV file does.

    Args:
        values: of the answer, of one type, at least one; cameras: for their names and places; reader, head: see
            `csv_file`.

    Raises:
        MissingComponent: pyarrow is not installed.
    """
    stream = BytesIO()
    rows = [msgspec.to_builtins(value) for value in values]
    write_parquet(stream, rows, columns_of([type(values[0])]), cameras, dict(_head(reader, head)))
    return stream.getvalue()


def _head(reader: Reader, head: FileHead) -> Iterator[tuple[str, str]]:
    person = head.person
    yield reader.worded("Arquivo"), head.name
    yield reader.worded("Exportado por"), f"{person.name} ({person.login}, {person.institution}/{person.sector})"
    yield reader.worded("Exportado em"), f"{reader.time(head.now_ms)} {reader.offset(head.now_ms)}"
    yield reader.worded("Finalidade"), reader.term(head.purpose)
    yield reader.worded("Número do processo"), head.case
    yield (
        reader.worded("Resposta completa"),
        reader.worded("sim") if head.complete else reader.worded("não: podem faltar linhas"),
    )
    yield reader.worded("Uso pessoal e registrado na auditoria; a divulgação é vedada."), ""


def _value(column: str, value: Any, reader: Reader) -> str:
    if value is None:
        return ""
    if column.endswith(("ts_ms", "start_ms")):
        return reader.time(value)
    if isinstance(value, float):
        return f"{value:.3f}".replace(".", ",") if reader.is_portuguese else f"{value:.3f}"
    return str(value)


def _cell(text: str) -> str:
    """A cell that stays text, whatever a name begins with."""
    safe = spreadsheet_text(text)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe
