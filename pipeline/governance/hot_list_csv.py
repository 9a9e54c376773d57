"""Hot-lists as CSV files: one entry a line, read with the numbers of their lines, and written."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import IO, Final

from pipeline.domain.events import Severity
from pipeline.domain.hot_list import ListEntry, NewListEntry
from pipeline.domain.people import Validity
from pipeline.domain.plural import counted
from pipeline.domain.times import format_utc, parse_time
from pipeline.errors import RegistryError, ViapublicaError
from pipeline.governance.csv_rows import CsvColumns, problems_text

COLUMNS: Final = CsvColumns(
    ("plate",),
    ("list", "authority", "case", "reason", "severity", "from", "until", "seen_by"),
    "plate",
    "hot-list",
    50_000_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDefaults:
    """Values of lines whose cells are missing or empty; "" where a line must state its own.

    Attributes:
        list_name, authority, case_number, reason, until: as typed.
        begin: as typed; severity: of the alerts; viewers: logins and institutions; zone: of times.
        any_plate: plates may have no Brazilian layout.
    """

    list_name: str = ""
    authority: str = ""
    case_number: str = ""
    reason: str = ""
    until: str = ""
    begin: str = "0s"
    severity: Severity = Severity.WARNING
    viewers: tuple[str, ...] = ()
    any_plate: bool = False
    zone: tzinfo | None = None

    def entry(self, row: Mapping[str, str]) -> NewListEntry:
        """The entry of a line.

        Raises:
            ViapublicaError: a time or severity is none.
        """
        until = row.get("until") or self.until
        if not until:
            raise RegistryError("validity", "has no end", "Give it: until, or --until")
        given = row.get("severity", "").lower()
        known = {one.value: one for one in Severity} | {"": self.severity}
        if given not in known:
            raise RegistryError(f"severity {given!r}", "is none", f"Write one of: {', '.join(Severity)}")
        return NewListEntry(
            list_name=row.get("list") or self.list_name,
            plate=row["plate"],
            authority=row.get("authority") or self.authority,
            case_number=row.get("case") or self.case_number,
            reason=row.get("reason") or self.reason,
            severity=known[given],
            validity=Validity(parse_time(row.get("from") or self.begin, self.zone), parse_time(until, self.zone)),
            viewers=tuple(row.get("seen_by", "").split()) or self.viewers,
            any_plate=self.any_plate,
        )


def read_list(path: Path, defaults: ListDefaults) -> list[tuple[str, NewListEntry]]:
    """The entries of a file, each with its line.

    Raises:
        RegistryError: the file cannot be read; or lines have no time or severity where one should be, each is named.
    """
    found: list[tuple[str, NewListEntry]] = []
    problems: list[str] = []
    for number, row in COLUMNS.read(path):
        try:
            found.append((f"line {number}", defaults.entry(row)))
        except ViapublicaError as error:
            problems.append(f"line {number}: {error.subject}: {error.problem}")
    if problems:
        text = problems_text(problems, counted(len(problems), "problem"), "nothing was entered")
        raise RegistryError(str(path), text, "Correct these lines and import the file again")
    return found


def write_list(stream: IO[str], entries: Iterable[ListEntry]) -> None:
    """Write entries as `read_list` reads them, times in UTC."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*COLUMNS.required, *COLUMNS.optional))
    for one in entries:
        facts = [one.plate, one.list_name, one.authority, one.case_number, one.reason, one.severity.value]
        times = [format_utc(one.validity.from_ms), format_utc(one.validity.until_ms)]
        writer.writerow([*facts, *times, " ".join(one.viewers)])
