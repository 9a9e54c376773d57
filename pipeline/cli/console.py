"""Consoles: data goes to standard output, everything said to people about it to standard error."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from pipeline.errors import ViapublicaError

_PIPED_COLUMNS = 160
"""Width of tables that go into a file or a pipe, where nobody can widen the window."""

out = Console(width=None if sys.stdout.isatty() else _PIPED_COLUMNS)
err = Console(stderr=True)


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> None:
    """A table on standard output; numbers to the right."""
    table = Table(title=title, title_justify="left", header_style="bold", caption=note or None, caption_justify="left")
    rows = list(rows)
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


@contextmanager
def csv_writer(target: str, columns: Sequence[str]) -> Iterator[Any]:
    """A csv.writer with its header written; ``-`` is standard output, anything else a file (made when complete).

    Raises:
        ViapublicaError: the file cannot be written.
    """
    if target == "-":
        yield _with_header(sys.stdout, columns)
        sys.stdout.flush()
        return
    path = Path(target)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", newline="", encoding="utf-8") as stream:
            yield _with_header(stream, columns)
        part.replace(path)
    except OSError as error:
        raise ViapublicaError(target, f"cannot be written ({error.strerror})", "Choose another place") from error
    finally:
        part.unlink(missing_ok=True)


def _with_header(stream: TextIO, columns: Sequence[str]) -> Any:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    return writer


def progress(description: str) -> Progress:
    """A progress bar on standard error; silent when that is not a terminal."""
    return Progress(
        TextColumn(description),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def drops_text(drops: Mapping[str, int]) -> str:
    """``sampled 12, queue-full 3``."""
    return ", ".join(f"{reason} {count}" for reason, count in sorted(drops.items()) if count) or "-"
