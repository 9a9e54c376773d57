"""Lists of plates to search for: plain text with one plate per line, or a table of a spreadsheet (XLSX, CSV)."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.domain.listed_vehicles import ListedVehicles
from pipeline.domain.plate import check_question, plate_key
from pipeline.domain.plural import counted
from pipeline.domain.spreadsheet_rows import XLSX_MAGIC, spreadsheet_sheets
from pipeline.errors import StoreError

_SEPARATORS: Final = ";\t,|"
_HEADERS: Final = frozenset({"placa", "placas", "plate", "plates", "license plate", "licence plate", "number plate"})
_HEADER_BEGINS: Final = ("placa", "plate")
_MOST_TITLES: Final = 10
"""Lines above the headings, as of a title, at most."""
_FORMATS: Final = "Name a text file with one plate per line, or an XLSX or CSV file with a column called placa or plate"
_OLD_SPREADSHEET: Final = b"\xd0\xcf\x11\xe0"
_MOST_NAMED: Final = 50
"""Lines without a plate that an error names."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a list: its number, from 1 on, and its cells."""

    number: int
    cells: list[str]


def read_plate_list(
    data: bytes, name: str, *, like: bool = False, any_plate: bool = False, errors: int = 0
) -> ListedVehicles:
    """The plates of a list, each vehicle once, in their order, with its other columns.

    Blank lines and lines that begin with ``#`` are skipped. In a table the plates are in the column whose heading is
    ``placa`` or ``plate``, or begins so; without a heading, in the only column that can hold plates. Lines above the
    headings, such as a title, are skipped.

    Args:
        data: content of the file: XLSX, or text in UTF-8, UTF-16 with BOM, or Windows-1252.
        name: of the list, for messages.
        like: plates may be patterns; any_plate: see `check_question`; errors: see `ListedVehicles`.

    Raises:
        StoreError: it holds no plate; lines that are none, all with their numbers; or no column can be chosen.
        MissingComponent: it is XLSX, and openpyxl is not installed.
    """
    all_lines = _sheet_lines(data, name) if data.startswith(XLSX_MAGIC) else _lines(_decoded(data, name))
    column, lines = _plate_column(all_lines, name, like=like, any_plate=any_plate)
    headings = _headings(all_lines, lines)
    head = all_lines[max(0, len(all_lines) - len(lines) - 1)]
    _check_other_columns(name, head.number, column, headings, lines)
    found: dict[str, str] = {}
    cells: dict[str, list[list[str]]] = {}
    wrong: dict[int, StoreError] = {}
    for line in lines:
        plate = line.cells[column].strip() if column < len(line.cells) else ""
        try:
            check_question(plate, like=like, any_plate=any_plate)
        except StoreError as error:
            wrong[line.number] = error
            continue
        first = found.setdefault(plate.upper() if like else plate_key(plate), plate)
        cells.setdefault(first, []).append([_cell(line, number) for number in range(len(headings)) if number != column])
    if wrong:
        raise _not_plates(name, wrong)
    if not found:
        raise StoreError(name, "holds no plate", _FORMATS)
    return ListedVehicles(
        plates=tuple(found.values()),
        columns=tuple(heading for number, heading in enumerate(headings) if number != column),
        cells={plate: [_joined(of_column) for of_column in zip(*rows, strict=True)] for plate, rows in cells.items()},
        like=like,
        errors=errors,
    )


def _not_plates(name: str, wrong: Mapping[int, StoreError]) -> StoreError:
    """The error about all lines of a list that hold no plate."""
    (number, error), *others = wrong.items()
    if not others:
        return StoreError(f"{name}:{number}: {error.subject}", error.problem, error.fix)
    named = [f"line {number}: {one.subject} {one.problem}" for number, one in list(wrong.items())[:_MOST_NAMED]]
    if rest := len(wrong) - len(named):
        named.append(f"and {counted(rest, 'further line')}")
    problem = f"{counted(len(wrong), 'line')} cannot be asked about:\n" + "\n".join(named)
    return StoreError(name, problem, "\n       ".join(dict.fromkeys(one.fix for one in wrong.values() if one.fix)))


def _sheet_lines(data: bytes, name: str) -> list[_Line]:
    """The lines of the sheet with the plates.

    Raises:
        StoreError: several sheets may be it.
    """
    sheets = spreadsheet_sheets(data, name)
    lines = {
        title: [_Line(number, cells) for number, cells in rows if not cells[0].startswith("#")]
        for title, rows in sheets.items()
    }
    filled = {title: of_sheet for title, of_sheet in lines.items() if of_sheet}
    headed = [title for title, of_sheet in filled.items() if _head_line(of_sheet) is not None]
    if len(filled) <= 1:
        return next(iter(filled.values()), [])
    if len(headed) == 1:
        return filled[headed[0]]
    problem = (
        "has several sheets with a column of plates" if headed else "has several sheets, and no column called placa"
    )
    raise StoreError(
        name, f"{problem}: {', '.join(headed or filled)}", "Save the sheet with the plates as a file of its own"
    )


def _head_line(lines: Sequence[_Line]) -> int | None:
    """The place of the line with the headings: one that names the column of the plates, above the first plate.

    A title may begin with the same word, so the last such line is taken, and one with the word alone before all others.
    """
    above: list[int] = []
    for at, line in enumerate(lines[: _MOST_TITLES + 1]):
        if any(_is_plate(cell, like=False, any_plate=False) for cell in line.cells):
            break
        above.append(at)
    exact = [at for at in above if _columns_named(lines[at], exact=True)]
    named = exact or [at for at in above if _columns_named(lines[at], exact=False)]
    return named[-1] if named else None


def _columns_named(line: _Line, *, exact: bool) -> list[int]:
    """The columns of a line of headings that are known as plates, or begin with the word."""
    plain = [_plain(cell) for cell in line.cells]
    return [at for at, text in enumerate(plain) if text in _HEADERS or (not exact and text.startswith(_HEADER_BEGINS))]


def _headings(lines: Sequence[_Line], below: Sequence[_Line]) -> list[str]:
    """The headings of all columns, each once; ``column 2`` where there is none."""
    width = max((len(line.cells) for line in lines), default=0)
    first = lines[len(lines) - len(below) - 1].cells if len(below) < len(lines) else []
    named: list[str] = []
    for number in range(width):
        heading = " ".join(first[number].split()) if number < len(first) else ""
        heading = heading or f"column {number + 1}"
        named.append(f"{heading} ({number + 1})" if heading in named else heading)
    return named


def _cell(line: _Line, number: int) -> str:
    return line.cells[number].strip() if number < len(line.cells) else ""


def _joined(cells: Sequence[str]) -> str:
    """Different cells of one vehicle."""
    return "; ".join(dict.fromkeys(cell for cell in cells if cell))


def _decoded(data: bytes, name: str) -> str:
    if data.startswith(_OLD_SPREADSHEET):
        raise StoreError(
            name, "is a spreadsheet of an old format", "Save it as XLSX or CSV, with a column called placa or plate"
        )
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        if b"\0" in data:
            raise StoreError(name, "is not text", _FORMATS)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _lines(text: str) -> list[_Line]:
    """The lines with content, cut at the separator that the first of them holds."""
    rows = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    rows = [(number, line) for number, line in rows if not line.lstrip().startswith("#")]
    counts = {separator: sum(separator in line for _, line in rows) for separator in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda one: counts[one])
    if not counts[separator]:
        return [_Line(number, [line.strip().strip('"')]) for number, line in rows]
    return [_Line(number, next(csv.reader([line], delimiter=separator))) for number, line in rows]


def _plate_column(lines: Sequence[_Line], name: str, *, like: bool, any_plate: bool) -> tuple[int, Sequence[_Line]]:
    """The column of the plates, and the lines below the heading."""
    if not lines:
        raise StoreError(name, "holds no plate", _FORMATS)
    if (head := _head_line(lines)) is not None:
        below = lines[head + 1 :]
        if exact := _columns_named(lines[head], exact=True):
            return exact[0], below
        named = _columns_named(lines[head], exact=False)
        return max(named, key=lambda at: sum(_is_plate(_cell(line, at), like, any_plate) for line in below)), below
    width = max(len(line.cells) for line in lines)
    if width == 1:
        return 0, lines

    def holds_plates(column: int) -> bool:
        return all(column < len(line.cells) and _is_plate(line.cells[column], like, any_plate) for line in lines)

    columns = [column for column in range(width) if holds_plates(column)]
    if len(columns) != 1:
        raise StoreError(
            f"{name}:{lines[0].number}",
            f"has {width} columns, and none of them is known as that of the plates",
            "Write placa or plate above that column, or save it alone",
        )
    return columns[0], lines


def _check_other_columns(name: str, line: int, column: int, headings: Sequence[str], lines: Sequence[_Line]) -> None:
    """Refuse a second column of plates: its plates would not be asked about, and not be named as not seen.

    Raises:
        StoreError: there is one.
    """
    for number, heading in enumerate(headings):
        cells = [cell for line in lines if (cell := _cell(line, number))]
        plates = sum(_is_plate(cell, like=False, any_plate=False) for cell in cells)
        named = _plain(heading.removesuffix(f" ({number + 1})"))
        about_plates = named in _HEADERS or (plates and not _HEADERS.isdisjoint(named.split()))
        if number != column and (about_plates or (cells and plates == len(cells))):
            raise StoreError(
                f"{name}:{line}",
                f"has plates in column {column + 1} and column {number + 1} ({heading}), and only one is asked about",
                "Write all plates into one column, one a line, or save each column as a list of its own",
            )


def _is_plate(cell: str, like: bool, any_plate: bool) -> bool:
    try:
        check_question(cell.strip(), like=like, any_plate=any_plate)
    except StoreError:
        return False
    return True


def _plain(heading: str) -> str:
    """A heading in small letters, without accents, and with single blanks."""
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).replace("_", " ").split())
