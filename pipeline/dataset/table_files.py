"""Files of published tables: CSV, the dictionary of columns, and checksums."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.dataset.dictionary import Column
from pipeline.domain.times import format_utc
from pipeline.errors import ViapublicaError
from pipeline.storage.file_hash import file_sha256
from pipeline.storage.folders import private_folder


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, which gets its name when the block ends without an error.

    Args:
        folder: its name; see `check_empty`.

    Raises:
        ViapublicaError: the disk does not take it.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        private_folder(partial)
        yield partial
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    except OSError as error:
        raise ViapublicaError(str(folder), f"the dataset cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        ViapublicaError: it does.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ViapublicaError(str(folder), "exists and is not an empty folder", "Name a new folder for the dataset")


def write_csv(path: Path, columns: Sequence[Column], rows: Iterator[Sequence[Any]]) -> int:
    """Write a table with a heading; returns the number of its rows."""
    total = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in columns])
        for row in rows:
            writer.writerow([_text(column, value) for column, value in zip(columns, row, strict=True)])
            total += 1
    return total


def write_dictionary(path: Path, tables: Mapping[str, Sequence[Column]]) -> None:
    """Write the columns of all tables with type, unit and meaning."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "column", "type", "unit", "description"])
        for table, columns in tables.items():
            writer.writerows([table, *column] for column in columns)


def files_of(folder: Path) -> dict[str, dict[str, int | str]]:
    """Size and SHA-256 of each file of a folder, by name."""
    return {path.name: {"bytes": path.stat().st_size, "sha256": file_sha256(path)} for path in sorted(folder.iterdir())}


def write_checksums(folder: Path) -> None:
    """Write ``SHA256SUMS`` of all files that are in the folder."""
    lines = [f"{each['sha256']}  {name}\n" for name, each in files_of(folder).items()]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _text(column: Column, value: Any) -> Any:
    if value is not None and column.kind.startswith("timestamp"):
        return format_utc(value)
    if isinstance(value, bool):
        return str(value).lower()
    return value
