"""Registered cameras: owners, agreements, approved projects, masks, sanctions; and emergency access."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import NewSanction, OwnerKind, RenderedAccount, SanctionKind
from pipeline.domain.people import Validity
from pipeline.domain.purpose import Purpose
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.registry import Registry
from tests.governance.entries import StoppedClock
from tests.governance.people import DAY_MS, Changes, camera, person


@pytest.fixture
def approved(registry: Registry, clock: StoppedClock, changes: Changes) -> Registry:
    """A registry with an approved camera of a firm."""
    registry.register_camera(camera(clock, plates_by="Portaria 3/2026"), "ana")
    registry.approve_project("av-brasil-900", "bia")
    changes.seen.clear()
    return registry


def _sanction(clock: StoppedClock, kind: SanctionKind = SanctionKind.SUSPENSION, **values: Any) -> NewSanction:
    wanted: dict[str, Any] = {
        "camera_id": "av-brasil-900",
        "kind": kind,
        "reason": "falta de manutenção",
        "defence": "defesa de 3 de novembro, processo 8/2026",
        "infraction_ms": clock.now_ms - 100 * DAY_MS,
        "until_ms": clock.now_ms + 30 * DAY_MS if kind is SanctionKind.SUSPENSION else None,
    }
    return NewSanction(**(wanted | values))


def test_a_camera_runs_when_another_person_approved_its_project(registry: Registry, clock: StoppedClock) -> None:
    entered = registry.register_camera(camera(clock), "ana")
    assert "not approved" in entered.why_stopped(clock.now_ms)
    with pytest.raises(PolicyError, match="no one approves their own request"):
        registry.approve_project("av-brasil-900", "ana")
    assert registry.approve_project("av-brasil-900", "bia").why_stopped(clock.now_ms) == ""
    with pytest.raises(RegistryError, match="was approved by bia"):
        registry.approve_project("av-brasil-900", "caio")
    amended = registry.amend("av-brasil-900", "ana", project="PI-13/2026")
    assert "not approved" in amended.why_stopped(clock.now_ms), "a new project is approved anew"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"scope": Scope.PUBLIC_SQUARE, "plates_by": "Portaria 3"}, "no plates may be read"),
        ({"agreement": "", "agreement_validity": None}, "no cooperation agreement"),
        ({"agreement_validity": None}, "no cooperation agreement"),
        ({"owner_kind": OwnerKind.PUBLIC, "agreement": ""}, "an agreement without validity"),
        ({"owner_kind": OwnerKind.PUBLIC, "lent": True}, "is lent to a public owner"),
        ({"latitude": 1.0}, "one of latitude and longitude"),
        ({"latitude": 91.0, "longitude": 0.0}, "latitude 91"),
        ({"direction": 360}, "direction 360"),
        ({"location": ""}, "is missing"),
        ({"camera_id": "avenida brasil"}, "contains a blank"),
        ({"sector": "lua"}, "is not registered"),
    ],
)
def test_a_camera_that_is_not_possible_is_named(
    registry: Registry, clock: StoppedClock, values: dict[str, Any], problem: str
) -> None:
    with pytest.raises((RegistryError, PolicyError), match=problem):
        registry.register_camera(camera(clock, **values), "ana")
    assert registry.cameras() == ()


def test_an_agreement_that_ended_stops_the_stream_until_it_is_renewed(approved: Registry, clock: StoppedClock) -> None:
    clock.now_ms += 365 * DAY_MS
    assert "agreement is not in force" in approved.camera("av-brasil-900").why_stopped(clock.now_ms)
    period = Validity(clock.now_ms, clock.now_ms + 365 * DAY_MS)
    assert approved.amend("av-brasil-900", "ana", validity=period).why_stopped(clock.now_ms) == ""


def test_a_suspension_stops_the_stream_at_once_and_until_its_end(
    approved: Registry, clock: StoppedClock, changes: Changes
) -> None:
    found = approved.impose(_sanction(clock), "ana")
    assert "suspended" in found.why_stopped(clock.now_ms)
    assert changes.actions == ["suspension"]
    assert found.why_stopped(clock.now_ms + 30 * DAY_MS) == ""
    assert approved.lift("av-brasil-900", "bia").why_stopped(clock.now_ms) == ""
    with pytest.raises(RegistryError, match="is not suspended"):
        approved.lift("av-brasil-900", "bia")


def test_a_warning_stops_nothing_and_a_rescission_is_final(approved: Registry, clock: StoppedClock) -> None:
    assert approved.impose(_sanction(clock, SanctionKind.WARNING), "ana").why_stopped(clock.now_ms) == ""
    rescinded = approved.impose(_sanction(clock, SanctionKind.RESCISSION, defence="", infraction_ms=None), "ana")
    assert "rescinded" in rescinded.why_stopped(clock.now_ms + 9000 * DAY_MS)
    with pytest.raises(RegistryError, match="is not suspended"):
        approved.lift("av-brasil-900", "bia")


@pytest.mark.parametrize(
    ("days", "problem"),
    [
        ({"defence": " "}, "needs the prior defence"),
        ({"until_ms": 740}, "exceeds two years"),
        ({"until_ms": -1}, "no end in the future"),
        ({"infraction_ms": -1831}, "is barred"),
        ({"infraction_ms": None}, "from which five years count"),
        ({"infraction_ms": 1}, "in the future"),
        ({"infraction_ms": -4000, "inquiry_ms": -100}, "is barred"),
    ],
)
def test_law_11766_art_8_limits_sanctions(
    approved: Registry, clock: StoppedClock, days: dict[str, Any], problem: str
) -> None:
    values: dict[str, Any] = {
        name: clock.now_ms + day * DAY_MS if isinstance(day, int) else day for name, day in days.items()
    }
    with pytest.raises((RegistryError, PolicyError), match=problem):
        approved.impose(_sanction(clock, **values), "ana")
    assert approved.camera("av-brasil-900").sanctions == ()


def test_an_inquiry_in_time_interrupts_the_limitation(approved: Registry, clock: StoppedClock) -> None:
    begun = _sanction(clock, infraction_ms=clock.now_ms - 2000 * DAY_MS, inquiry_ms=clock.now_ms - 400 * DAY_MS)
    assert approved.impose(begun, "ana").why_stopped(clock.now_ms)


def test_masks_are_versions_that_nobody_alters(approved: Registry, path: Path) -> None:
    window = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))
    approved.set_masks("av-brasil-900", (window,), "janela do sobrado", "ana")
    found = approved.set_masks("av-brasil-900", (window, window), "segunda janela", "ana")
    assert [(one.version, len(one.masks)) for one in found.masks] == [(1, 1), (2, 2)]
    with pytest.raises(RegistryError, match=r"masks\[0\]: is no polygon"):
        approved.set_masks("av-brasil-900", (((0.0, 0.0), (2.0, 0.0), (0.5, 0.5)),), "erro", "ana")
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="camera_masks is never altered"):
        connection.execute("UPDATE camera_masks SET masks = '[]'")
    connection.close()


def test_emergency_access_needs_two_people_and_ends(registry: Registry, clock: StoppedClock, changes: Changes) -> None:
    registry.register([person(clock, "bia")], "root")
    asked = registry.request_emergency("ana", 60, Purpose.CRISIS, "enchente no Dilúvio")
    assert registry.break_glass("ana") is None
    with pytest.raises(PolicyError, match="needs two people"):
        registry.open_emergency(asked.emergency_id, "ana")
    registry.open_emergency(asked.emergency_id, "bia")
    opened = registry.break_glass("ana")
    assert opened is not None
    assert (opened.first, opened.second, opened.until_ms) == ("ana", "bia", clock.now_ms + 3_600_000)
    assert registry.break_glass("bia") is None
    with pytest.raises(RegistryError, match="was opened already"):
        registry.open_emergency(asked.emergency_id, "bia")
    clock.now_ms += 3_600_000
    assert registry.break_glass("ana") is None
    late = registry.request_emergency("ana", 60, Purpose.CRISIS, "enchente")
    clock.now_ms += 3_600_000
    with pytest.raises(RegistryError, match="has lapsed"):
        registry.open_emergency(late.emergency_id, "bia")
    with pytest.raises(RegistryError, match="481 minutes"):
        registry.request_emergency("ana", 481, Purpose.CRISIS, "enchente")
    assert changes.actions == ["register", "request", "open", "request"]


def _account(clock: StoppedClock, **values: Any) -> RenderedAccount:
    period = Validity(clock.now_ms - 400 * DAY_MS, clock.now_ms - 35 * DAY_MS)
    wanted: dict[str, Any] = {"document": "PC-3/2026", "rendered_ms": clock.now_ms - 30 * DAY_MS, "period": period}
    return RenderedAccount(**({"camera_id": "av-brasil-900"} | wanted | values))


def test_the_last_account_of_lent_equipment_begins_the_limitation(
    registry: Registry, clock: StoppedClock, changes: Changes
) -> None:
    registry.register_camera(camera(clock, lent=True), "ana")
    rendered_ms = clock.now_ms - 6 * 366 * DAY_MS
    period = Validity(rendered_ms - 10 * DAY_MS, rendered_ms)
    earlier = _account(clock, rendered_ms=rendered_ms, period=period)
    registry.render_account(earlier, "ana")
    with pytest.raises(PolicyError, match="is barred: five years"):
        registry.impose(_sanction(clock, infraction_ms=None), "ana")
    accounted = registry.render_account(_account(clock), "ana")
    assert [one.document for one in accounted.accounts] == ["PC-3/2026", "PC-3/2026"]
    assert changes.actions[-1] == "account"
    (imposed,) = registry.impose(_sanction(clock, infraction_ms=None), "ana").sanctions
    assert imposed.infraction_ms == _account(clock).rendered_ms


@pytest.mark.parametrize(
    ("lent", "values", "problem"),
    [
        (False, {}, "is not lent"),
        (True, {"rendered_ms": 4 * 10**12}, "in the future"),
        (True, {"rendered_ms": 10**12}, "before the use"),
        (True, {"document": " "}, "number of the account"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    registry: Registry, clock: StoppedClock, lent: bool, values: dict[str, Any], problem: str
) -> None:
    registry.register_camera(camera(clock, lent=lent), "ana")
    with pytest.raises(RegistryError, match=problem):
        registry.render_account(_account(clock, **values), "ana")
    assert registry.camera("av-brasil-900").accounts == ()
