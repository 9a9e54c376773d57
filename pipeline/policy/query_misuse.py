"""Signs of misuse in the searches of an installation, for auditors: unusual numbers, plates, cases and hours.

A sign accuses no one. It names what an auditor asks a person about (decree 18.743/2014 art. 5, 7, 16).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from statistics import median
from typing import Final

from pipeline.domain.legal_term import LegalTerm
from pipeline.domain.query_use import QueryUse, Shift
from pipeline.domain.role import Role
from pipeline.domain.times import local_time

LEAST_UNUSUAL: Final = 20
"""Searches of a day below which no number is unusual."""
TIMES_USUAL: Final = 3.0
"""Times the usual number, from which on it is unusual."""
LEAST_CASES: Final = 3
"""Cases in which one plate was searched for."""
LEAST_DAYS: Final = 5
"""Days on which one person searched for one plate."""
LEAST_PLATES: Final = 20
"""Plates that one person searched for in one case."""

_LAW: Final = "rule of this program, for decree 18.743/2014 art. 7"
_OWN: Final = "decree 18.743/2014 art. 16"


class MisuseRule(LegalTerm):
    """What an auditor should ask about."""

    UNUSUAL_NUMBER = (
        "unusual-number",
        "many more searches in a day than others of the role",
        "muito mais consultas em um dia do que os demais da função",
        _LAW,
    )
    PLATE_IN_CASES = "plate-in-cases", "one plate in several cases", "uma placa em vários processos", _LAW
    PLATE_BY_DAYS = "plate-by-days", "one plate day after day", "a mesma placa dia após dia", _LAW
    PLATES_OF_CASE = (
        "plates-of-case",
        "one case number for many plates",
        "um número de processo para muitas placas",
        _LAW,
    )
    OUTSIDE_SHIFT = "outside-shift", "searches outside the shift", "consultas fora do turno", _LAW
    COLLEAGUE_VEHICLE = "colleague-vehicle", "vehicle of a colleague", "veículo de colega", _OWN
    OWN_VEHICLE = "own-vehicle", "own vehicle (refused)", "veículo próprio (consulta negada)", _OWN
    LIMIT_REACHED = "limit-reached", "limit of searches reached", "limite de consultas atingido", _LAW


@dataclass(frozen=True, slots=True, kw_only=True)
class MisuseSign:
    """A sign of misuse.

    Attributes:
        rule: see `MisuseRule`.
        persons: logins, sorted; cases: numbers as stated, sorted.
        number: of searches, cases, days or plates, as the rule counts.
        first_ms, last_ms: of the searches, milliseconds since 1970 UTC.
    """

    rule: MisuseRule
    persons: tuple[str, ...]
    cases: tuple[str, ...]
    number: int
    first_ms: int
    last_ms: int


def misuse_signs(
    uses: Sequence[QueryUse],
    zone: tzinfo | None,
    shifts: Mapping[str, Shift],
    vehicles: Mapping[str, frozenset[str]],
) -> list[MisuseSign]:
    """All signs in some searches, by rule, the newest first.

    Args:
        uses: the searches; zone: of days and shifts, None for the machine's.
        shifts: by login; vehicles: keyed hashes of the plates of people's own vehicles, by login.
    """
    found = [
        *_unusual_numbers(uses, zone),
        *_plates_in_cases(uses),
        *_plates_by_days(uses, zone),
        *_plates_of_cases(uses),
        *_outside_shift(uses, zone, shifts),
        *_of_colleagues(uses, vehicles),
    ]
    order = list(MisuseRule)
    return sorted(found, key=lambda sign: (order.index(sign.rule), -sign.last_ms, sign.persons))


def sign_of(rule: MisuseRule, uses: Iterable[QueryUse], number: int | None = None) -> MisuseSign:
    """The sign of some searches, of which there is one at least; without a number, it is theirs."""
    found = list(uses)
    times_ms = [use.asked_ms for use in found]
    return MisuseSign(
        rule=rule,
        persons=tuple(sorted({use.login for use in found})),
        cases=tuple(sorted({use.case_number for use in found if use.case_number})),
        number=len(found) if number is None else number,
        first_ms=min(times_ms),
        last_ms=max(times_ms),
    )


def _unusual_numbers(uses: Sequence[QueryUse], zone: tzinfo | None) -> Iterator[MisuseSign]:
    by_day: defaultdict[tuple[Role, str, date], list[QueryUse]] = defaultdict(list)
    for use in uses:
        by_day[use.role, use.login, _day(use, zone)].append(use)
    numbers: defaultdict[Role, list[tuple[str, date, int]]] = defaultdict(list)
    for (role, login, day), found in by_day.items():
        numbers[role].append((login, day, len(found)))
    for (role, login, day), found in by_day.items():
        others = [number for other, _, number in numbers[role] if other != login]
        # Of a person who is the only one of a role, the other days.
        others = others or [number for _, other_day, number in numbers[role] if other_day != day]
        if others and len(found) >= max(LEAST_UNUSUAL, TIMES_USUAL * median(others)):
            yield sign_of(MisuseRule.UNUSUAL_NUMBER, found)


def _plates_in_cases(uses: Sequence[QueryUse]) -> Iterator[MisuseSign]:
    for found in _by_plate(uses).values():
        cases = {use.case_number for use in found if use.case_number}
        if len(cases) >= LEAST_CASES:
            yield sign_of(MisuseRule.PLATE_IN_CASES, found, len(cases))


def _plates_by_days(uses: Sequence[QueryUse], zone: tzinfo | None) -> Iterator[MisuseSign]:
    by_person: defaultdict[tuple[str, str], list[QueryUse]] = defaultdict(list)
    for plate, found in _by_plate(uses).items():
        for use in found:
            by_person[use.login, plate].append(use)
    for found in by_person.values():
        days = {_day(use, zone) for use in found}
        if len(days) >= LEAST_DAYS:
            yield sign_of(MisuseRule.PLATE_BY_DAYS, found, len(days))


def _plates_of_cases(uses: Sequence[QueryUse]) -> Iterator[MisuseSign]:
    by_case: defaultdict[tuple[str, str], list[QueryUse]] = defaultdict(list)
    for use in uses:
        if use.case_number and use.plates:
            by_case[use.login, use.case_number].append(use)
    for found in by_case.values():
        plates = Counter(plate for use in found for plate in use.plates)
        if len(plates) >= LEAST_PLATES:
            yield sign_of(MisuseRule.PLATES_OF_CASE, found, len(plates))


def _outside_shift(uses: Sequence[QueryUse], zone: tzinfo | None, shifts: Mapping[str, Shift]) -> Iterator[MisuseSign]:
    by_day: defaultdict[tuple[str, date], list[QueryUse]] = defaultdict(list)
    for use in uses:
        shift = shifts.get(use.login)
        if shift is not None and not shift.includes(local_time(use.asked_ms, zone)):
            by_day[use.login, _day(use, zone)].append(use)
    for found in by_day.values():
        yield sign_of(MisuseRule.OUTSIDE_SHIFT, found)


def _of_colleagues(uses: Sequence[QueryUse], vehicles: Mapping[str, frozenset[str]]) -> Iterator[MisuseSign]:
    by_person: defaultdict[tuple[str, str], list[QueryUse]] = defaultdict(list)
    for use in uses:
        for owner, plates in vehicles.items():
            if owner != use.login and plates & use.plates:
                by_person[use.login, owner].append(use)
    for found in by_person.values():
        yield sign_of(MisuseRule.COLLEAGUE_VEHICLE, found)


def _by_plate(uses: Sequence[QueryUse]) -> dict[str, list[QueryUse]]:
    found: defaultdict[str, list[QueryUse]] = defaultdict(list)
    for use in uses:
        for plate in use.plates:
            found[plate].append(use)
    return found


def _day(use: QueryUse, zone: tzinfo | None) -> date:
    return local_time(use.asked_ms, zone).date()
