"""Files of answers that a person downloads; those for spreadsheets are headed by who took them, when and what for."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Any, Final

from pipeline.console.reader import Reader
from pipeline.domain.extras import require
from pipeline.domain.people import RegisteredPerson
from pipeline.domain.purpose import Purpose
from pipeline.domain.spreadsheet_text import spreadsheet_text

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Begins of a cell that a spreadsheet would compute."""


def answer_file(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    reader: Reader,
    *,
    person: RegisteredPerson,
    purpose: Purpose,
    case: str,
    name: str,
    now_ms: int,
    complete: bool,
) -> bytes:
    """CSV in UTF-8 with the separators of the reader's spreadsheets.

    Args:
        rows: of the answer; columns: their fields, in order; reader: whose language and zone it has.
        person: who takes it; purpose, case: as stated; name: of the file; now_ms: when.
        complete: whether nothing is known that could make rows be missing.
    """
    stream = StringIO()
    writer = csv.writer(stream, delimiter=";" if reader.is_portuguese else ",", lineterminator="\r\n")
    for line in _head(reader, person=person, purpose=purpose, case=case, name=name, now_ms=now_ms, complete=complete):
        writer.writerow([_cell(value) for value in line])
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(_value(column, row[column], reader)) for column in columns])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def parquet_file(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Parquet, for programs: without a head, times as milliseconds since 1970 UTC.

    Raises:
        MissingComponent: pyarrow is not installed.
    """
    require("pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    stream = BytesIO()
    parquet.write_table(pa.Table.from_pylist([dict(row) for row in rows]), stream)
    return stream.getvalue()


def _head(
    reader: Reader, *, person: RegisteredPerson, purpose: Purpose, case: str, name: str, now_ms: int, complete: bool
) -> Iterator[tuple[str, str]]:
    yield reader.worded("Arquivo"), name
    yield reader.worded("Exportado por"), f"{person.name} ({person.login}, {person.institution}/{person.sector})"
    yield reader.worded("Exportado em"), f"{reader.time(now_ms)} {reader.offset(now_ms)}"
    yield reader.worded("Finalidade"), reader.term(purpose)
    yield reader.worded("Número do processo"), case
    yield (
        reader.worded("Resposta completa"),
        reader.worded("sim") if complete else reader.worded("não: podem faltar linhas"),
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
