"""Rows of an XLSX file, as texts."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from pipeline.domain.extras import missing_package
from pipeline.errors import StoreError

XLSX_MAGIC: Final = b"PK\x03\x04"
_FIX: Final = "Save it as XLSX or CSV with one sheet"
_MOST_BYTES: Final = 200_000_000
"""Of the unpacked file; a list of a million plates has less."""
_MOST_EMPTY: Final = 10_000
"""Empty rows in a row after which a sheet is over: formatted ones go on for a million."""

Row = tuple[int, list[str]]
"""Its number, from 1 on, and its cells."""


def spreadsheet_sheets(data: bytes, name: str) -> dict[str, list[Row]]:
    """The sheets that hold anything, by their names: their rows with content.

    Numbers and dates are texts as they are written in data: ``17``, ``2026-11-22``. Of a formula it is the value that
    the program that saved the file has stored.

    Args:
        data: content of the file; name: for messages.

    Raises:
        StoreError: it is no XLSX file, is damaged, or is too large.
        MissingComponent: openpyxl is not installed.
    """
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        raise missing_package("openpyxl", f"cannot be imported: {error}") from error
    _check_size(data, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about colors, drop-down lists and the like
            workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheets = {sheet.title: list(_rows(sheet.iter_rows(values_only=True))) for sheet in workbook.worksheets}
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, OSError) as error:
        raise StoreError(name, "is a damaged spreadsheet, or not one of XLSX", _FIX) from error
    return {title: rows for title, rows in sheets.items() if rows}


def _check_size(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            size = sum(one.file_size for one in packed.infolist())
    except zipfile.BadZipFile as error:
        raise StoreError(name, "is a damaged spreadsheet, or not one of XLSX", _FIX) from error
    if size > _MOST_BYTES:
        raise StoreError(name, f"has {size / 1e6:.0f} MB unpacked, and lists of at most 200 MB are read", _FIX)


def _rows(values: Iterator[Sequence[Any]]) -> Iterator[Row]:
    empty = 0
    for number, row in enumerate(values, 1):
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            empty = 0
            yield number, cells
        elif (empty := empty + 1) > _MOST_EMPTY:
            return


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return (
            f"{value:%Y-%m-%d}"
            if (value.hour, value.minute, value.second) == (0, 0, 0)
            else f"{value:%Y-%m-%d %H:%M:%S}"
        )
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
