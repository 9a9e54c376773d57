"""Terminal output: data and tables on standard output, messages and progress on standard error."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final

from rich.console import Console
from rich.containers import Lines
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline.app.output_files import output_file
from pipeline.domain.credentials import redact
from pipeline.domain.printable_text import escape_controls
from pipeline.domain.times import format_duration
from pipeline.errors import ViapublicaError

_PIPED_COLUMNS = 160
"""Width of tables in a file or pipe."""

_LONG_WORD = re.compile(r"\S{12,}")
_SEGMENT = re.compile(r"[^/_@?&=-]*[/_@?&=-]*")
"""Up to the separators after which a long word may be broken."""
_FORMULA = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20\x00-\x1f\x7f]")

_FIRST_LINE_S: Final = 10.0
_NEXT_LINES_S: Final = 30.0
_SPEED_S: Final = 600.0

out = Console(width=None if sys.stdout.isatty() else _PIPED_COLUMNS)
err = Console(stderr=True)


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def plain(text: str) -> str:
    """Untrusted text, safe on a terminal: control characters as escapes, credentials in addresses as stars."""
    return escape_controls(redact(text))


def say(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print a message; a part may be (text, style). Nothing in it is read as markup."""
    lines = [(part, "") if isinstance(part, str) else part for part in parts]
    safe = [("\n".join(plain(line) for line in text.split("\n")), style) for text, style in lines]
    console.print(Text.assemble(*safe), soft_wrap=True)


def report_error(error: ViapublicaError) -> None:
    """Print an error and its fix on standard error."""
    say(err, ("error:", "bold red"), f" {plain(error.subject)}: {error.problem}")
    if error.fix:
        say(err, ("fix:", "bold"), f"   {error.fix}")


class _Cell(Text):
    """Text of a cell; a path, address or id that is longer than its column goes on after one of its separators."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """See `rich.text.Text.wrap`."""
        broken = _LONG_WORD.sub(lambda word: _broken(word[0], width), self.plain)
        return Text(broken, self.style).wrap(console, width, **options)


def _broken(word: str, width: int) -> str:
    lines = [""]
    for segment in _SEGMENT.findall(word):
        if lines[-1] and len(lines[-1]) + len(segment) > width:
            lines.append("")
        lines[-1] += segment
    return "\n".join(lines)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> None:
    """A table on standard output; numbers to the right. Nothing in it is read as markup."""
    table = Table(title=Text(title), title_justify="left", header_style="bold", caption_justify="left")
    table.caption = Text(note) if note else None
    rows = list(rows)
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_Cell("" if cell is None else plain(str(cell))) for cell in row))
    out.print(table)


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """Form of a CSV file.

    Attributes:
        delimiter: between cells; decimal: between the digits of a number.
        with_bom: spreadsheets recognize UTF-8 by it.
    """

    delimiter: str = ","
    decimal: str = "."
    with_bom: bool = False


MACHINE_CSV: Final = CsvStyle()


@contextmanager
def csv_writer(target: str, columns: Sequence[str], style: CsvStyle = MACHINE_CSV) -> Iterator[CsvRows]:
    """A writer of CSV rows, after a header.

    Args:
        target: ``-`` is standard output; a pipe or device is written to as it stands; anything else is a file,
            which appears when all rows are written, or not at all.
        columns: names for the header.
        style: form of the file.

    Raises:
        ViapublicaError: the file cannot be written.
    """
    if target == "-":
        yield CsvRows(sys.stdout, columns, style)
        sys.stdout.flush()
        return
    # Names that are not UTF-8 are written with backslashes.
    with output_file("--csv", target, "w", newline="", encoding="utf-8", errors="backslashreplace") as stream:
        yield CsvRows(stream, columns, style)


class CsvRows:
    """CSV rows that no spreadsheet executes as formulas."""

    def __init__(self, stream: IO[str], columns: Sequence[str], style: CsvStyle = MACHINE_CSV) -> None:
        self._style = style
        if style.with_bom:
            stream.write("\ufeff")
        self._writer = csv.writer(stream, lineterminator="\n", delimiter=style.delimiter)
        self._writer.writerow(columns)

    def writerows(self, rows: Iterable[Iterable[Any]]) -> None:
        """Write `rows`; text that a spreadsheet would read as a formula gets an apostrophe in front."""
        self._writer.writerows([self._cell(cell) for cell in row] for row in rows)

    def _cell(self, cell: Any) -> Any:
        if isinstance(cell, float) and self._style.decimal != ".":
            return str(cell).replace(".", self._style.decimal)
        return _harmless(cell)


def _harmless(cell: Any) -> Any:
    # Spreadsheets execute text that begins so, also after a tab, and names of files are untrusted.
    if not isinstance(cell, str):
        return cell
    text = f"'{cell}" if _FORMULA.match(cell) else cell
    return text.replace("\r", "\\r")  # The csv module does not quote it, and some readers end the row there.


class _ProgressLines(Progress):
    """Progress where no bar can be drawn: a line now and then, first after 10 seconds, then every 30."""

    def __init__(self, get_time: Callable[[], float] | None = None) -> None:
        # A slow stage advances less often than every 30 seconds, and a speed needs two advances.
        super().__init__(console=err, disable=True, get_time=get_time, speed_estimate_period=_SPEED_S)
        self._next_s = self.get_time() + _FIRST_LINE_S

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Change a task, see `Progress.update`; print a line if it is time."""
        super().update(task_id, **changes)
        now_s = self.get_time()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _NEXT_LINES_S
        task = next(task for task in self.tasks if task.id == task_id)
        done = f"{task.completed:.0f}" if task.total is None else f"{task.completed:.0f} of {task.total:.0f}"
        done += f" {task.fields['unit']}" if task.fields.get("unit") else ""
        left = f", about {format_duration(round(task.time_remaining * 1000))} left" if task.time_remaining else ""
        note = f", {task.fields['note']}" if task.fields.get("note") else ""
        say(err, f"{task.description}: {done}{note}{left}")


def progress(get_time: Callable[[], float] | None = None) -> Progress:
    """Progress bars on standard error, each with its task's description and `note`; lines when that is no terminal."""
    if not err.is_terminal:
        return _ProgressLines(get_time)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=err,
        transient=True,
        get_time=get_time,
    )


def drops_text(drops: Mapping[str, int]) -> str:
    """``sampled 12, queue-full 3``."""
    return ", ".join(f"{reason} {count}" for reason, count in sorted(drops.items()) if count) or "-"
