"""Persons and institutions on the terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.cli.common.console import err, out, print_table, say
from pipeline.cli.common.registry_options import RegistryOptions
from pipeline.domain.people import Lack, RegisteredPerson, Validity

_STEPS: Final[Mapping[Lack, str]] = {
    Lack.TRAINING: "a valid training (art. 5 §4): viapublica people train {login} --until DATE",
    Lack.TERM: "a signed term (art. 5 §5): viapublica people term {login} --until DATE",
    Lack.ROLE: "a role: viapublica people role {login} ROLE --until DATE",
    Lack.ACTIVATION: "password and second factor: viapublica people invite {login}; then people activate {login}",
}
"""The command that supplies what a person lacks."""


def show_person(person: RegisteredPerson, options: RegistryOptions, done: str = "") -> None:
    """Show a person, and what is still missing before they may work.

    Args:
        person: the person; options: of the command.
        done: what the command did, for standard error.
    """
    if options.show_json(person):
        return
    if done:
        say(err, f"{done}: {person.login}")
    rows = {
        "login": person.login,
        "name": person.name,
        "document": person.document,
        "body": f"{person.institution}/{person.sector}",
        "account": person.status.value + (f" ({person.status_reason})" if person.status_reason else ""),
        "registered": _period(person.validity, options),
        "training": _period(person.training, options),
        "term": _period(person.term, options),
        "contract until": options.date(person.contract_until_ms) if person.contractor else "-",
        "last used": options.date(person.last_used_ms),
        "left": options.date(person.left_ms),
        "system user": person.system_user or "-",
        "roles": _roles(person) or "-",
    }
    for name, value in rows.items():
        say(out, (f"{name:<15}", "bold"), value)
    for lack in person.lacks(_now_ms()):
        say(err, ("missing:", "yellow"), f" {_STEPS[lack].format(login=person.login)}")


def show_people(people: Sequence[RegisteredPerson], options: RegistryOptions) -> None:
    """A table of persons."""
    if options.show_json(tuple(people)):
        return
    rows = [
        (
            one.login,
            one.name,
            f"{one.institution}/{one.sector}",
            one.status.value,
            _roles(one) or "-",
            options.date(None if one.training is None else one.training.until_ms),
            options.date(None if one.term is None else one.term.until_ms),
        )
        for one in people
    ]
    print_table("People", ["login", "name", "body", "account", "roles", "trained until", "term until"], rows)


def _roles(person: RegisteredPerson) -> str:
    return ", ".join(role.value for role in person.roles_at(_now_ms()))


def _period(validity: Validity | None, options: RegistryOptions) -> str:
    return "-" if validity is None else f"{options.date(validity.from_ms)} to {options.date(validity.until_ms)}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
