"""Rows of CSV files that people import: columns by their names, each row with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import RegistryError

NAMED: Final = 20
"""Problems of a file that an error names."""


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """Columns of a file, which is of UTF-8, separated by commas or semicolons, with a heading.

    Attributes:
        required, optional: names of columns, in small letters.
        what: a line is about, such as ``person``; contents: the file is, such as ``list of people``.
        most_bytes: size of the largest file.
    """

    required: Sequence[str]
    optional: Sequence[str]
    what: str
    contents: str
    most_bytes: int

    def read(self, path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
        """The rows that are not blank, with the number of their line.

        Raises:
            RegistryError: the file cannot be read, or its heading or form is not possible.
        """
        reader = self._reader(path, self._text(path))
        found = False
        try:
            for row in reader:
                if None in row or None in row.values():
                    raise RegistryError(
                        f"{path}: line {reader.line_num}",
                        "has more or fewer cells than the heading",
                        "Correct the line",
                    )
                if any(cell.strip() for cell in row.values()):
                    found = True
                    yield reader.line_num, {name: cell.strip() for name, cell in row.items()}
        except csv.Error as error:
            raise RegistryError(f"{path}: line {reader.line_num}", f"is no CSV: {error}", "Correct the line") from error
        if not found:
            raise RegistryError(str(path), "has no line but the heading", f"Add a line for each {self.what}")

    def _text(self, path: Path) -> str:
        try:
            if path.stat().st_size > self.most_bytes:
                size = f"{self.most_bytes // 1_000_000} MB"
                raise RegistryError(str(path), f"is larger than {size}", f"Is it the {self.contents}? Divide it")
            return path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise RegistryError(str(path), f"cannot be read ({error.strerror})", "Check its name and rights") from error
        except UnicodeDecodeError as error:
            raise RegistryError(str(path), "is not UTF-8", "Save it as CSV UTF-8") from error

    def _reader(self, path: Path, text: str) -> csv.DictReader[str]:
        heading = text.partition("\n")[0]
        reader = csv.DictReader(text.splitlines(keepends=True), delimiter=";" if ";" in heading else ",", strict=True)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        known = (*self.required, *self.optional)
        lacking = [name for name in self.required if name not in names]
        unknown = [name for name in names if name not in known]
        if lacking or unknown or len(set(names)) != len(names):
            what = f"lacks {', '.join(lacking)}" if lacking else f"has {', '.join(unknown) or 'a column twice'}"
            raise RegistryError(
                f"{path}: heading",
                what,
                f"Name the columns {','.join(self.required)}; optional: {','.join(self.optional)}",
            )
        reader.fieldnames = names
        return reader


def problems_text(problems: Sequence[str], count: str, nothing: str) -> str:
    """Problems of a file's lines, the first ones by name.

    Args:
        problems: each with its line; count: how many, in words; nothing: that nothing was changed.
    """
    lines = list(problems[:NAMED])
    if (more := len(problems) - NAMED) > 0:
        lines.append(f"and {more} further problem{'s' if more > 1 else ''}")
    return f"{count}; {nothing}:\n  " + "\n  ".join(lines)
