"""Answers as a table for people, or with every field as JSON lines, CSV or Parquet."""

from __future__ import annotations

import enum
import types
import typing
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec
import typer

from pipeline.app.output_files import check_target, output_file
from pipeline.app.queries import Answer
from pipeline.cli.common.console import csv_writer, err, print_json, print_table, say
from pipeline.domain.extras import missing_package
from pipeline.errors import ViapublicaError

T = TypeVar("T", bound=msgspec.Struct)

NOTHING_FOUND: Final = 3
"""Exit status: no rows, and nothing is known that could be missing."""
NOTHING_FOUND_INCOMPLETE: Final = 4
"""Exit status: no rows, and there may be some that the store does not hold; the notes say why."""


@dataclass(frozen=True, slots=True)
class AnswerTable(Generic[T]):
    """How rows are shown.

    Attributes:
        kinds: types that may stand in an answer: their fields are the columns of files.
        columns: of the table for people; row: its cells for one item.
    """

    kinds: Sequence[type[T]]
    columns: Sequence[str]
    row: Callable[[T], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Output:
    """The form of an answer: a table for people, unless one of --json, --csv and --parquet was given."""

    as_json: bool
    csv: str | None
    parquet: str | None

    @classmethod
    def chosen(cls, as_json: bool, csv: str | None, parquet: str | None) -> Output:
        """The form that the options choose, checked before anything is asked.

        Raises:
            ViapublicaError: more than one was given, or the file can be none.
        """
        given = [("--json", as_json), ("--csv", csv is not None), ("--parquet", parquet is not None)]
        names = [name for name, is_given in given if is_given]
        if len(names) > 1:
            raise ViapublicaError(" ".join(names), "cannot be combined", f"Give one of them, such as {names[0]}")
        if csv is not None and csv != "-":
            check_target("--csv", csv)
        if parquet == "-":
            raise ViapublicaError("--parquet -", "cannot be written to standard output", "Write --parquet FILE")
        if parquet is not None:
            check_target("--parquet", parquet)
        return cls(as_json, csv, parquet)

    def show(self, title: str, answer: Answer[Any], found: Sequence[T], table: AnswerTable[T]) -> None:
        """Write the answer and its notes, and end with a status of its own when there are no rows.

        Args:
            title: above the table.
            answer: with its notes; found: its rows.
            table: how they are shown.

        Raises:
            ViapublicaError: the file cannot be written.
            MissingComponent: pyarrow is not installed.
            typer.Exit: nothing was found.
        """
        if self.as_json:
            for item in found:
                print_json(msgspec.to_builtins(item))
            print_json({"answer": _summary(answer, len(found))})
        else:
            self._write(title, found, table)
            _print_notes(answer, found)
        if not found:
            raise typer.Exit(NOTHING_FOUND if answer.complete else NOTHING_FOUND_INCOMPLETE)

    def _write(self, title: str, found: Sequence[T], table: AnswerTable[T]) -> None:
        fields = _fields(table.kinds)
        if self.csv is not None:
            names = list(fields)
            plain = [msgspec.to_builtins(item) for item in found]
            with csv_writer(self.csv, names) as writer:
                writer.writerows([item.get(name, "") for name in names] for item in plain)
        elif self.parquet is not None:
            _write_parquet(self.parquet, found, fields)
        elif found:
            print_table(title, table.columns, map(table.row, found))


def _summary(answer: Answer[Any], rows: int) -> dict[str, Any]:
    notes = [msgspec.to_builtins(note) for note in answer.notes]
    return {"rows": rows, "complete": answer.complete, "notes": notes}


def _print_notes(answer: Answer[Any], found: Sequence[Any]) -> None:
    """The notes on standard error: warnings about what may be missing before the others."""
    if not found:
        say(err, "nothing found" if answer.complete else "nothing found, but the answer may be incomplete")
    for note in sorted(answer.notes, key=lambda note: not note.limits):
        say(err, ("warning", "bold yellow") if note.limits else "note", f": {note.text}")


def _fields(kinds: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    """Type of each field, by the name it has in files; the kind of an event comes first."""
    found: dict[str, Any] = {}
    for kind in kinds:
        tag = kind.__struct_config__.tag_field
        if tag is not None:
            found[tag] = str
        for field in msgspec.structs.fields(kind):
            found.setdefault(field.encode_name, field.type)
    return found


def _write_parquet(target: str, found: Sequence[msgspec.Struct], fields: dict[str, Any]) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing_package("pyarrow", f"cannot be imported: {error}") from error
    plain = [msgspec.to_builtins(item) for item in found]
    schema = pa.schema([(name, _arrow_type(pa, kind)) for name, kind in fields.items()])
    arrays = [pa.array([item.get(field.name) for item in plain], type=field.type) for field in schema]
    with output_file("--parquet", target, "wb") as stream:
        parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), stream)


def _arrow_type(pa: Any, kind: Any) -> Any:
    if typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        (kind,) = (part for part in typing.get_args(kind) if part is not types.NoneType)
    if typing.get_origin(kind) is dict:
        key, value = typing.get_args(kind)
        return pa.map_(_arrow_type(pa, key), _arrow_type(pa, value))
    if issubclass(kind, str | enum.Enum | uuid.UUID):
        return pa.string()
    return {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}[kind]
