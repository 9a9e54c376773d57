"""Persons of a CSV file: columns by their names, every problem with its line, duplicates within the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.domain.people import NewPerson, Validity
from pipeline.domain.plural import counted
from pipeline.domain.times import parse_time
from pipeline.errors import RegistryError, ViapublicaError
from pipeline.governance.csv_rows import CsvColumns, problems_text
from pipeline.policy.registration import checked_new_person

REQUIRED: Final = ("login", "name", "document", "institution", "sector")
OPTIONAL: Final = ("until", "contract", "system_user")
_COLUMNS: Final = CsvColumns(REQUIRED, OPTIONAL, "person", "list of people", 4_000_000)


def read_people(path: Path, validity: Validity) -> tuple[NewPerson, ...]:
    """The persons of a file, in the order of its lines.

    Args:
        path: CSV in UTF-8, separated by commas or semicolons, with a heading: ``login``, ``name``, ``document``,
            ``institution``, ``sector``; optional: ``until`` (end of the registration), ``contract`` (end of a
            contractor's contract), ``system_user``.
        validity: of registrations without ``until``.

    Raises:
        RegistryError: the file cannot be read, or lines are not possible or double; each is named.
    """
    people: list[NewPerson] = []
    problems: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in _COLUMNS.read(path):
        try:
            one = _person(row, validity)
        except ViapublicaError as error:
            problems.append(f"line {number}: {error.subject}: {error.problem}")
            continue
        for what in ("login", "document", "system_user"):
            value = getattr(one, what)
            first = seen.setdefault((what, value), number) if value else number
            if first != number:
                problems.append(f"line {number}: {what.replace('_', ' ')} {value!r} is that of line {first} already")
        people.append(one)
    if problems:
        text = problems_text(problems, counted(len(problems), "problem"), "no one was registered")
        raise RegistryError(str(path), text, "Correct these lines and import the file again")
    return tuple(people)


def _person(row: Mapping[str, str], validity: Validity) -> NewPerson:
    until, contract = row.get("until", ""), row.get("contract", "")
    one = NewPerson(
        login=row["login"],
        name=row["name"],
        document=row["document"],
        institution=row["institution"],
        sector=row["sector"],
        validity=replace(validity, until_ms=parse_time(until)) if until else validity,
        contract_until_ms=parse_time(contract) if contract else None,
        system_user=row.get("system_user", ""),
    )
    return checked_new_person(one)
