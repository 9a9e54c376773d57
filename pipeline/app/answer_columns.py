"""Columns of files with an answer: names, types, times, names and places of cameras; and Parquet of them."""

from __future__ import annotations

import enum
import json
import types
import typing
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, Final

import msgspec

from pipeline.domain.camera import Camera
from pipeline.domain.extras import missing_package
from pipeline.domain.times import local_time

ASKED: Final = "asked_plate"
"""Of a search for several plates: which of them a row is about."""
STATUS: Final = "status"
"""Of a search for plates: whether the plate was read."""
READ: Final = "read"
SIMILAR: Final = "similar"
"""The status of a read that differs by one character from the plate asked about."""
LIST_COLUMN: Final = "list: "
"""Begin of the names of columns from a list that the user gave."""
_CAMERA: Final = "camera_id"
_FOR_PROGRAMS: Final = frozenset({"stream_id", "schema_version"})
_PLACE: Final = {"camera_name": "name", "latitude": "latitude", "longitude": "longitude"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file.

    Attributes:
        name: in files for machines.
        field: of the row that it shows; of a place, the field with the camera's id.
        kind: Python type of its values; `datetime` for times.
        of_camera: attribute of the declared camera that it shows; "" for the field itself.
        identity: for programs: an id, or the version of the row.
    """

    name: str
    field: str
    kind: type
    of_camera: str = ""
    identity: bool = False

    def value(self, row: Mapping[str, Any], cameras: Mapping[str, Camera]) -> Any:
        """The value of a row as it goes into JSON: a time is an aware datetime in UTC; None for nothing."""
        value = row.get(self.field)
        if self.of_camera:
            camera = cameras.get(str(value))
            return None if camera is None else getattr(camera, self.of_camera) or None
        if value is not None and self.kind is datetime:
            return local_time(int(value), UTC)
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) and self.kind is str else value


def columns_of(kinds: Sequence[type[msgspec.Struct]]) -> list[Column]:
    """The columns of rows of these types: the kind of an event first, a camera's name and place behind its id."""
    found: dict[str, Column] = {}
    for kind in kinds:
        tag = kind.__struct_config__.tag_field
        if tag is not None:
            found.setdefault(tag, Column(tag, tag, str))
        for field in msgspec.structs.fields(kind):
            for column in _columns_of_field(field.encode_name, field.type):
                found.setdefault(column.name, column)
    return sorted(found.values(), key=lambda column: _rank(column, several=len(kinds) > 1))


def write_parquet(
    stream: IO[bytes],
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    cameras: Mapping[str, Camera],
    about: Mapping[str, str] | None = None,
) -> None:
    """Write Parquet, with times as timestamps in UTC.

    Args:
        stream: takes it; rows: of the answer, as builtins; columns: of these; cameras: for their names and places.
        about: what the metadata of the file say of it.

    Raises:
        MissingComponent: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing_package("pyarrow", f"cannot be imported: {error}") from error
    arrow: Mapping[type, Any] = {
        bool: pa.bool_(),
        int: pa.int64(),
        float: pa.float64(),
        str: pa.string(),
        datetime: pa.timestamp("ms", tz="UTC"),
    }
    schema = pa.schema([(column.name, arrow[column.kind]) for column in columns], metadata=dict(about or {}))
    arrays = [pa.array([column.value(row, cameras) for row in rows], type=arrow[column.kind]) for column in columns]
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), stream)


def with_asked(columns: Sequence[Column], listed: Sequence[str] | None) -> list[Column]:
    """The same with the plate asked about behind the plate read, whether it was read, and what a list says.

    Args:
        columns: of reads; listed: headings of the list; None where there is no list.
    """
    at = 1 + [column.name for column in columns].index("plate")
    more = [Column(ASKED, ASKED, str), Column(STATUS, STATUS, str), *listed_columns(listed or ())]
    return [*columns[:at], *more, *columns[at:]]


def _rank(column: Column, *, several: bool) -> int:
    """What a person reads first is on the left: time, camera with name and place, plate; ids on the right.

    Args:
        column: of an answer; several: its rows are of several kinds, so the kind is read with the time.
    """
    if column.identity:
        return 9
    order = {"time": 0, "start": 0, "kind": 1 if several else 8, "plate": 3}
    return 2 if column.field == _CAMERA else order.get(column.name, 4)


def listed_columns(headings: Sequence[str]) -> list[Column]:
    """Columns of a list that the user gave, behind those of the answer: ``list: motivo`` is no name of a field."""
    return [Column(f"{LIST_COLUMN}{heading}", f"{LIST_COLUMN}{heading}", str) for heading in headings]


def listed_cells(about: Mapping[str, str]) -> dict[str, str]:
    """The cells of a row in those columns."""
    return {f"{LIST_COLUMN}{heading}": cell for heading, cell in about.items()}


def places(row: Mapping[str, Any], cameras: Mapping[str, Camera]) -> dict[str, Any]:
    """Name and place of the cameras of a row, where they are known."""
    columns = [column for name in row if name.endswith(_CAMERA) for column in _columns_of_field(name, str)[1:]]
    values = {column.name: column.value(row, cameras) for column in columns}
    return {name: value for name, value in values.items() if value is not None}


def _columns_of_field(name: str, declared: Any) -> list[Column]:
    if name.endswith("_ms"):
        text = name.removesuffix("_ms")
        return [Column("time" if text == "ts" else text.replace("_ts", "_time"), name, datetime)]
    found = [Column(name, name, _plain_type(declared), identity=declared is uuid.UUID or name in _FOR_PROGRAMS)]
    if name.endswith(_CAMERA):
        way = name.removesuffix(_CAMERA)
        found += [
            Column(f"{way}{of}", name, str if attribute == "name" else float, attribute)
            for of, attribute in _PLACE.items()
        ]
    return found


def _plain_type(declared: Any) -> type:
    """`bool`, `int`, `float` or `str`, as which a field's values are written."""
    if typing.get_origin(declared) is typing.Annotated:
        declared = typing.get_args(declared)[0]
    if typing.get_origin(declared) in {typing.Union, types.UnionType}:
        (declared,) = (part for part in typing.get_args(declared) if part is not types.NoneType)
    if typing.get_origin(declared) is dict or issubclass(declared, str | enum.Enum | uuid.UUID):
        return str
    return {bool: bool, int: int, float: float}[declared]
