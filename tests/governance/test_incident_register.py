"""Incidents in the register: one holder, reasons, comments, and hand-overs between shifts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pipeline.domain.events import Severity
from pipeline.domain.incident import CloseReason, Incident, IncidentAction, IncidentState, IncidentStep
from pipeline.errors import AuditUnavailable, PolicyError, RegistryError, ReleaseError
from pipeline.governance.incident_register import IncidentRegister
from tests.governance.entries import StoppedClock
from tests.governance.people import Changes

ONE = Incident(
    incident="0123456789abcdef01234567",
    camera_id="ponte-norte",
    rule="stopped-vehicle",
    severity=Severity.WARNING,
    began_ms=1_790_000_000_000,
)
OTHER = replace(ONE, incident="f" * 24, began_ms=ONE.began_ms + 1000)


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register, made once."""
    path = tmp_path_factory.mktemp("register") / "register.db"
    IncidentRegister(path, Changes(), create=True).close()
    return path


@pytest.fixture
def register(empty: Path, tmp_path: Path, changes: Changes) -> Iterator[IncidentRegister]:
    shutil.copy(empty, tmp_path / "register.db")
    with IncidentRegister(tmp_path / "register.db", changes, StoppedClock()) as opened:
        yield opened


def step(by: str, action: IncidentAction, **values: object) -> IncidentStep:
    return IncidentStep(**{"at_ms": 0, "by": by, "action": action} | values)  # type: ignore[arg-type]


def acknowledge(by: str) -> IncidentStep:
    return step(by, IncidentAction.ACKNOWLEDGE)


def test_the_life_of_an_incident(register: IncidentRegister, changes: Changes) -> None:
    assert register.record(ONE.incident) is None, "new, until a person does something"
    assert register.add_step(ONE, acknowledge("ana")).state is IncidentState.ACKNOWLEDGED
    register.add_step(ONE, step("bia", IncidentAction.COMMENT, text="tow truck on its way"))
    register.add_step(ONE, step("ana", IncidentAction.ESCALATE, text="traffic agents"))
    done = register.add_step(ONE, step("ana", IncidentAction.CLOSE, reason=CloseReason.FALSE))
    assert (done.state, done.holder, done.reason) == (IncidentState.CLOSED, "ana", CloseReason.FALSE)
    assert [(one.by, one.action.value, one.text) for one in done.steps] == [
        ("ana", "acknowledge", ""),
        ("bia", "comment", "tow truck on its way"),
        ("ana", "escalate", "traffic agents"),
        ("ana", "close", ""),
    ]
    assert changes.actions == ["acknowledge", "comment", "escalate", "close"]
    assert register.records([ONE.incident, OTHER.incident]).keys() == {ONE.incident}


def test_the_second_operator_is_told_who_has_it_and_may_take_it_over(register: IncidentRegister) -> None:
    register.add_step(ONE, acknowledge("ana"))
    for action in (IncidentAction.ACKNOWLEDGE, IncidentAction.CLOSE):
        reason = CloseReason.TRUE if action is IncidentAction.CLOSE else None
        with pytest.raises(RegistryError, match=r"is acknowledged by ana since .*take it over"):
            register.add_step(ONE, step("bia", action, reason=reason))
    assert register.add_step(ONE, acknowledge("bia"), take_over=True).holder == "bia"
    register.add_step(ONE, step("bia", IncidentAction.CLOSE, reason=CloseReason.TRUE))
    with pytest.raises(RegistryError, match="was closed as true by bia"):
        register.add_step(ONE, acknowledge("ana"), take_over=True)
    register.add_step(ONE, step("ana", IncidentAction.COMMENT, text="photo in the report"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (step("ana", IncidentAction.CLOSE), "is closed with a reason"),
        (step("ana", IncidentAction.ACKNOWLEDGE, reason=CloseReason.TRUE), "is closed with a reason"),
        (step("ana", IncidentAction.CLOSE, reason=CloseReason.DUPLICATE), "is a duplicate of another"),
        (
            step("ana", IncidentAction.CLOSE, reason=CloseReason.DUPLICATE, duplicate_of=ONE.incident),
            "is a duplicate of another",
        ),
        (step("ana", IncidentAction.COMMENT), "is missing"),
        (step("ana", IncidentAction.ESCALATE), "is missing"),
    ],
)
def test_a_step_states_what_it_must(register: IncidentRegister, wrong: IncidentStep, words: str) -> None:
    with pytest.raises(RegistryError, match=words):
        register.add_step(ONE, wrong)
    assert register.record(ONE.incident) is None


@pytest.mark.parametrize("words", ["it was ABC 1D23", "the driver goes to the synagogue every week"])
def test_comments_name_no_plates_and_nothing_sensitive(register: IncidentRegister, words: str) -> None:
    with pytest.raises(PolicyError):
        register.add_step(ONE, step("ana", IncidentAction.COMMENT, text=words))
    with pytest.raises(PolicyError):
        register.hand_over("ana", words, [])


def test_a_shift_hands_over_what_is_open_and_the_next_one_acknowledges(register: IncidentRegister) -> None:
    register.add_step(OTHER, acknowledge("ana"))
    register.add_step(ONE, acknowledge("ana"))
    register.add_step(ONE, step("ana", IncidentAction.CLOSE, reason=CloseReason.TRUE))
    open_ones = [one.incident for one in register.open_incidents()]
    assert open_ones == [OTHER.incident]
    written = register.hand_over("ana", "lane closed until six", open_ones)
    with pytest.raises(RegistryError, match="written by you"):
        register.accept_hand_over(written.number, "ana")
    assert register.accept_hand_over(written.number, "bia").accepted_by == "bia"
    with pytest.raises(RegistryError, match="was acknowledged by bia"):
        register.accept_hand_over(written.number, "caio")
    with pytest.raises(RegistryError, match="does not exist"):
        register.accept_hand_over(7, "bia")
    assert [one.incidents for one in register.hand_overs()] == [(OTHER.incident,)]


def test_nothing_is_entered_without_its_record_and_no_step_is_changed(
    register: IncidentRegister, tmp_path: Path
) -> None:
    def refuse(_: object) -> None:
        raise AuditUnavailable("audit", "is full")

    with pytest.raises(AuditUnavailable):
        register.reporting_to(refuse).add_step(ONE, acknowledge("ana"))
    assert register.record(ONE.incident) is None
    register.add_step(ONE, acknowledge("ana"))
    for statement in ("UPDATE incident_steps SET person = 'x'", "DELETE FROM incident_steps", "DELETE FROM incidents"):
        with (
            pytest.raises((DBAPIError, ReleaseError), match="never altered"),
            register._database.writing() as session,
        ):
            session.execute(text(statement))
