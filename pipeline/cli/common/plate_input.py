"""Plates that are given without an argument: from a file, from standard input, or typed when asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.errors import ViapublicaError

AnyPlateOption = Annotated[
    bool, typer.Option("--any-plate", help="Also plates without a Brazilian layout: foreign, official or misread.")
]
_LIST_SUFFIXES: Final = frozenset({".csv", ".ods", ".tsv", ".txt", ".xls", ".xlsx"})


def given_plate(value: str | None) -> str | None:
    """The plate that an argument stands for: ``@FILE`` its first line, ``-`` standard input or a prompt.

    Raises:
        ViapublicaError: the file cannot be read, or holds no plate.
    """
    if value is None:
        return None
    if value != "-" and not value.startswith("@"):
        _check_no_file(value, f"Write @{value} for the plate in it")
        return value
    lines = [line.strip() for line in _text(value).splitlines()]
    plates = [line for line in lines if line and not line.startswith("#")]
    if len(plates) != 1:
        what = "holds no plate" if not plates else f"holds {len(plates)} lines, and one plate is asked about"
        fix = "Write the plate on a line of its own"
        if plates and value.startswith("@"):
            fix = f"Leave one plate in it; viapublica plates takes a list: --file {value[1:]}"
        raise ViapublicaError(f"plate {value}", what, fix)
    return plates[0]


def given_plates(values: list[str] | None) -> list[str] | None:
    """The same for several arguments."""
    for value in values or ():
        _check_no_file(value, f"Write --file {value} for the plates in it")
    return None if values is None else [plate for value in values if (plate := given_plate(value)) is not None]


def _check_no_file(value: str, fix: str) -> None:
    if not value.startswith("@") and Path(value).suffix.lower() in _LIST_SUFFIXES:
        raise ViapublicaError(f"plate {value!r}", "is the name of a file", fix)


def _text(value: str) -> str:
    if value == "-":
        return str(typer.prompt("Plate", err=True)) if sys.stdin.isatty() else sys.stdin.read()
    try:
        return Path(value[1:]).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ViapublicaError(f"plate {value}", f"cannot be read ({why})", "Name a text file after @") from error
