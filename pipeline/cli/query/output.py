"""Answers as a table for people, or with every field as JSON lines, CSV or Parquet."""

from __future__ import annotations

import enum
import types
import typing
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from pipeline.app.output_files import check_target, output_file
from pipeline.cli.common.console import csv_writer, err, print_json, print_table, say
from pipeline.domain.extras import missing_package
from pipeline.errors import ViapublicaError

T = TypeVar("T", bound=msgspec.Struct)


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

    def show(
        self,
        title: str,
        found: Sequence[T],
        kinds: Sequence[type[T]],
        columns: Sequence[str],
        row: Callable[[T], Sequence[Any]],
    ) -> None:
        """Write the answer.

        Args:
            title: above the table; columns: of the table; row: its cells for one item.
            found: the answer.
            kinds: types that may stand in it: their fields are the columns of files.

        Raises:
            ViapublicaError: the file cannot be written.
            MissingComponent: pyarrow is not installed.
        """
        if self.as_json:
            for item in found:
                print_json(msgspec.to_builtins(item))
        elif self.csv is not None:
            names = list(_fields(kinds))
            plain = [msgspec.to_builtins(item) for item in found]
            with csv_writer(self.csv, names) as writer:
                writer.writerows([item.get(name, "") for name in names] for item in plain)
        elif self.parquet is not None:
            _write_parquet(self.parquet, found, _fields(kinds))
        elif found:
            print_table(title, columns, map(row, found))
        else:
            say(err, "nothing found")


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
