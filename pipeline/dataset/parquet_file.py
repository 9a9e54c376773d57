"""Parquet files with real timestamp types, and units and meanings in their metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pipeline.dataset.dictionary import Column
from pipeline.domain.extras import missing_package

_ROWS: Final = 50_000
"""Rows per group."""


def write_parquet(
    path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]], metadata: Mapping[str, str]
) -> int:
    """Write a table; returns the number of its rows.

    Args:
        path: of the file.
        columns: of the table.
        rows: values in the order of the columns; None is empty. Times are milliseconds since 1970 UTC.
        metadata: of the file.

    Raises:
        MissingComponent: the package pyarrow is not installed.
        OSError: the disk does not take it.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing_package("pyarrow", f"cannot be imported: {error}") from error
    types = {
        "int64": pa.int64(),
        "int32": pa.int32(),
        "float32": pa.float32(),
        "string": pa.string(),
        "bool": pa.bool_(),
        "timestamp[ms, UTC]": pa.timestamp("ms", tz="UTC"),
    }
    fields = [
        pa.field(column.name, types[column.kind], metadata={"unit": column.unit, "description": column.about})
        for column in columns
    ]
    schema = pa.schema(fields, metadata=dict(metadata))
    total, left = 0, iter(rows)
    with parquet.ParquetWriter(path, schema) as writer:
        while group := list(islice(left, _ROWS)):
            values = zip(*group, strict=True)
            arrays = [pa.array(list(each), field.type) for each, field in zip(values, fields, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            total += len(group)
    return total
