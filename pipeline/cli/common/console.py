"""Terminal output: data and tables on standard output, messages and progress on standard error."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Final

from pipeline.app.output_files import output_file
from pipeline.domain.credentials import redact
from pipeline.domain.printable_text import escape_controls
from pipeline.errors import ViapublicaError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_PIPED_COLUMNS = 160
"""Width of tables in a file or pipe."""

_FORMULA = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20\x00-\x1f\x7f]")


class Terminal:
    """A standard stream for people."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def rich(self) -> Console:
        """Its console; made at the first use, because rich takes long to import and JSON needs none."""
        from rich.console import Console

        return Console(stderr=True) if self._stderr else Console(width=None if sys.stdout.isatty() else _PIPED_COLUMNS)


out = Terminal()
err = Terminal(stderr=True)


def print_json(value: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def plain(text: str) -> str:
    """Untrusted text, safe on a terminal: control characters as escapes, credentials in addresses as stars."""
    return escape_controls(redact(text))


def say(terminal: Terminal, *parts: str | tuple[str, str]) -> None:
    """Print a message; a part may be (text, style). Nothing in it is read as markup."""
    from rich.text import Text

    lines = [(part, "") if isinstance(part, str) else part for part in parts]
    safe = [("\n".join(plain(line) for line in text.split("\n")), style) for text, style in lines]
    terminal.rich.print(Text.assemble(*safe), soft_wrap=True)


def report_error(error: ViapublicaError) -> None:
    """Print an error and its fix on standard error."""
    say(err, ("error:", "bold red"), f" {plain(error.subject)}: {error.problem}")
    if error.fix:
        say(err, ("fix:", "bold"), f"   {error.fix}")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> None:
    """A table on standard output; numbers to the right. Nothing in it is read as markup."""
    from pipeline.cli.common.rich_output import table

    cells = [
        ["" if cell is None else cell if isinstance(cell, int | float) else plain(str(cell)) for cell in row]
        for row in rows
    ]
    out.rich.print(table(title, columns, cells, note))


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


def progress(get_time: Callable[[], float] | None = None) -> Progress:
    """Progress bars on standard error, each with its task's description and `note`; lines when that is no terminal."""
    from pipeline.cli.common.rich_output import bars, lines

    if err.rich.is_terminal:
        return bars(err.rich, get_time)
    return lines(err.rich, lambda text: say(err, text), get_time)


def drops_text(drops: Mapping[str, int]) -> str:
    """``sampled 12, queue-full 3``."""
    return ", ".join(f"{reason} {count}" for reason, count in sorted(drops.items()) if count) or "-"
