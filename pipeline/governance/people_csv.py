"""Persons of a CSV file: columns by their names, every problem with its line, duplicates within the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.domain.people import NewPerson, Validity
from pipeline.domain.plural import counted
from pipeline.domain.times import parse_time
from pipeline.errors import RegistryError, ViapublicaError
from pipeline.policy.registration import checked_new_person

REQUIRED: Final = ("login", "name", "document", "institution", "sector")
OPTIONAL: Final = ("until", "contract", "system_user")
_MOST_BYTES: Final = 4_000_000
_SHOWN: Final = 20


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
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise RegistryError(str(path), "is larger than 4 MB", "Is it the list of people? Divide it")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RegistryError(str(path), f"cannot be read ({error.strerror})", "Check its name and rights") from error
    except UnicodeDecodeError as error:
        raise RegistryError(str(path), "is not UTF-8", "Save it as CSV UTF-8") from error
    people: list[NewPerson] = []
    problems: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in _rows(path, text):
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
        more = f"\n  and {counted(len(problems) - _SHOWN, 'further problem')}" if len(problems) > _SHOWN else ""
        raise RegistryError(
            str(path),
            f"{counted(len(problems), 'problem')}; no one was registered:\n  " + "\n  ".join(problems[:_SHOWN]) + more,
            "Correct these lines and import the file again",
        )
    return tuple(people)


def _rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    heading = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=";" if ";" in heading else ",", strict=True)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    lacking = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in REQUIRED + OPTIONAL]
    if lacking or unknown or len(set(names)) != len(names):
        what = f"lacks {', '.join(lacking)}" if lacking else f"has {', '.join(unknown) or 'a column twice'}"
        raise RegistryError(
            f"{path}: heading", what, f"Name the columns {','.join(REQUIRED)}; optional: {','.join(OPTIONAL)}"
        )
    reader.fieldnames = names
    found = False
    try:
        for row in reader:
            if None in row or None in row.values():
                raise RegistryError(
                    f"{path}: line {reader.line_num}", "has more or fewer cells than the heading", "Correct the line"
                )
            if any(cell.strip() for cell in row.values()):
                found = True
                yield reader.line_num, row
    except csv.Error as error:
        raise RegistryError(f"{path}: line {reader.line_num}", f"is no CSV: {error}", "Correct the line") from error
    if not found:
        raise RegistryError(str(path), "has no line but the heading", "Add a line for each person")


def _person(row: Mapping[str, str], validity: Validity) -> NewPerson:
    cells = {name: cell.strip() for name, cell in row.items()}
    until, contract = cells.get("until", ""), cells.get("contract", "")
    one = NewPerson(
        login=cells["login"],
        name=cells["name"],
        document=cells["document"],
        institution=cells["institution"],
        sector=cells["sector"],
        validity=replace(validity, until_ms=parse_time(until)) if until else validity,
        contract_until_ms=parse_time(contract) if contract else None,
        system_user=cells.get("system_user", ""),
    )
    return checked_new_person(one)
