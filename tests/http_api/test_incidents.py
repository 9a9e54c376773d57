"""Incidents over HTTP: decided for the cameras of the own body, one holder, hand-overs, and the stream of alerts."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import msgspec
import pytest

from pipeline.app.alerts.alert_feed import AlertFeed, FedAlert
from pipeline.app.alerts.alert_reader import AlertReader
from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.domain.event_identity import identified
from pipeline.domain.events import AlertEvent, IncidentPhase
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.errors import PolicyError
from pipeline.governance.registry import Registry
from pipeline.http_api.alert_streams import stream_of
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.event_samples import alert
from tests.filled_store import fill_store
from tests.governance.entries import StoppedClock
from tests.governance.people import activated, person, year
from tests.http_api.client import Client
from tests.http_api.persons import People
from tests.http_api.served_city import CEIC, GUARD

MOBILITY = {"purpose": "mobility"}
INCIDENT = "0123456789abcdef01234567"


def incident_alerts(now_ms: int) -> list[AlertEvent]:
    made = [
        (GUARD[0], INCIDENT, IncidentPhase.BEGUN, "wrong-way"),
        (GUARD[0], INCIDENT, IncidentPhase.ENDED, "wrong-way"),
        (GUARD[1], "", IncidentPhase.NONE, "camera-lost"),
        (GUARD[1], "a" * 24, IncidentPhase.BEGUN, "possible-clone"),
        (CEIC, "b" * 24, IncidentPhase.BEGUN, "wrong-way"),
    ]
    return [
        identified(
            msgspec.structs.replace(
                alert(1, camera=camera), ts_ms=now_ms - 600_000 + 1000 * n, incident=incident, phase=phase, rule=rule
            )
        )
        for n, (camera, incident, phase, rule) in enumerate(made)
    ]


@pytest.fixture(scope="module")
def stored(populated: Office) -> list[AlertEvent]:
    found = incident_alerts(populated.clock.now_ms)
    fill_store(Path(populated.stores.data_dir), found)
    return found


@pytest.fixture
def operators(people: People, city: Office, stored: list[AlertEvent]) -> tuple[Client, Client]:
    """Two operators of the guard."""
    with city.opened("root") as opened:
        for login in ("nina", "otto"):
            _operator(opened.registry, city, login)
    return people.logged_in("nina"), people.logged_in("otto")


def _operator(registry: Registry, city: Office, login: str) -> None:
    registry.register([person(city.clock, login, institution="guarda", sector="central")], "root")
    registry.train(login, year(city.clock), "root")
    registry.sign_term(login, year(city.clock), "root")
    registry.grant(login, Role.OPERATOR, year(city.clock), "root")
    activated(registry, city.clock, login)


def test_operators_see_the_incidents_of_their_body_and_the_second_learns_who_has_one(
    operators: tuple[Client, Client], city: Office
) -> None:
    nina, otto = operators
    found = nina.post("/incidents/search", MOBILITY)
    assert found.status == 200, found.body
    rows = found.json["rows"]
    assert {row["camera_id"] for row in rows} == set(GUARD)
    assert [row["rule"] for row in rows] == ["camera-lost", "wrong-way"], "none about plates: not for mobility"
    assert (rows[1]["incident"], rows[1]["alerts"], rows[1]["phase"], rows[1]["state"]) == (INCIDENT, 2, "ended", "new")
    step = MOBILITY | {"incident": INCIDENT[:8], "action": "acknowledge"}
    assert nina.post("/incidents/steps", step).json["holder"] == "nina"
    refused = otto.post("/incidents/steps", step)
    assert (refused.status, "acknowledged by nina" in refused.json["detail"]) == (409, True), refused.body
    closed = otto.post("/incidents/steps", step | {"action": "close", "reason": "false", "take_over": True})
    assert [closed.json[name] for name in ("incident", "state", "holder", "reason")] == [
        INCIDENT,
        "closed",
        "otto",
        "false",
    ]
    assert found.json["withheld_incidents"] == 1, "about plates"
    assert not found.json["complete"]
    shown = nina.post("/incidents/show", MOBILITY | {"incident": INCIDENT}).json
    assert [one["action"] for one in shown["steps"]] == ["acknowledge", "close"]
    records = [one for one in city.audit() if one["operation"] == "incident"]
    assert [(one["account"], one["details"]["action"]) for one in records] == [
        ("nina", "acknowledge"),
        ("otto", "close"),
        ("nina", "show-incident"),
    ]


def test_plates_are_reviewed_for_policing_and_other_bodies_incidents_are_not_there(
    operators: tuple[Client, Client], people: People
) -> None:
    nina, _ = operators
    policing = nina.post("/incidents/search", {"purpose": "policing"}).json["rows"]
    assert "possible-clone" in {row["rule"] for row in policing}
    other = MOBILITY | {"incident": "b" * 24, "action": "acknowledge"}
    assert nina.post("/incidents/steps", other).status == 409
    assert people.logged_in("elisa").post("/incidents/search", MOBILITY).status == 403


def test_feedback_is_seen_and_undone_by_the_body_of_the_camera(
    operators: tuple[Client, Client], people: People, city: Office
) -> None:
    nina, otto = operators
    davi = people.logged_in("davi")
    close = MOBILITY | {"action": "close", "reason": "false"}
    assert nina.post("/incidents/steps", close | {"incident": INCIDENT}).status == 200
    assert davi.post("/incidents/steps", close | {"incident": "b" * 24}).status == 200
    (given,) = otto.post("/incidents/feedback/search", MOBILITY).json["feedback"]
    assert (given["incident"], given["by"], given["after"]["threshold"]) == (INCIDENT, "nina", 1.15)
    (other,) = davi.post("/incidents/feedback/search", MOBILITY).json["feedback"]
    assert other["camera_id"] == CEIC
    undo = MOBILITY | {"incident": INCIDENT[:8]}
    assert davi.post("/incidents/feedback/undo", undo).status == 403, "a camera of another body"
    assert otto.post("/incidents/feedback/undo", undo).json == {"incident": INCIDENT}
    assert otto.post("/incidents/feedback/search", MOBILITY).json["feedback"] == []
    assert otto.post("/incidents/feedback/undo", undo).status == 409
    undone = [one for one in city.audit() if one.get("details", {}).get("action") == "undo-feedback"]
    assert [(one["account"], one["outcome"]) for one in undone if one["outcome"] == "allowed"] == [("otto", "allowed")]


def test_a_shift_is_handed_over(operators: tuple[Client, Client]) -> None:
    nina, otto = operators
    nina.post("/incidents/steps", MOBILITY | {"incident": INCIDENT, "action": "acknowledge"})
    written = nina.post("/incidents/hand-overs", MOBILITY | {"text": "lane closed until six"}).json
    assert written["incidents"] == [INCIDENT]
    assert nina.post("/incidents/hand-overs/accept", MOBILITY | {"number": written["number"]}).status == 409
    accepted = otto.post("/incidents/hand-overs/accept", MOBILITY | {"number": written["number"]})
    assert accepted.json["accepted_by"] == "otto", accepted.body
    assert len(otto.post("/incidents/hand-overs/search", MOBILITY).json["hand_overs"]) == 1


def feed_of(service: Service, nina: Client, last: str = "", reader: AlertReader | None = None) -> AlertFeed:
    from pipeline.app.people.identity import SessionCredential

    opened = service.registry.held_by(SessionCredential(next(iter(nina.cookies.values()))), "mobility")
    questions = PermittedQuestions(opened, service.stores, service.store, Purpose.MOBILITY)
    return AlertFeed(questions, reader or service.alerts, opened.clock, last)


def test_a_stream_is_resumed_without_a_gap_and_ends_with_the_session(
    operators: tuple[Client, Client], service: Service, stored: list[AlertEvent], city: Office
) -> None:
    nina, _ = operators
    assert feed_of(service, nina).next() == [], "only new ones"
    first = stored[0]
    feed = feed_of(service, nina, f"{first.ts_ms}-{first.event_id}")
    assert [one.fields["event_id"] for one in feed.next()] == [str(stored[1].event_id), str(stored[2].event_id)]
    before = len(city.audit())
    assert feed.next() == [], "each once"
    assert len(city.audit()) == before, "what shows nothing is not recorded"
    nina.request("DELETE", "/session")
    with pytest.raises(PolicyError):
        feed.next()


def test_one_reader_feeds_every_stream_and_each_person_gets_what_is_theirs(
    operators: tuple[Client, Client], service: Service, stored: list[AlertEvent], city: Office
) -> None:
    nina, otto = operators
    clock = StoppedClock(city.clock.now_ms)
    reader = AlertReader(service.stores, service.store, service.registry.requester, clock)
    with reader.followed():
        feeds = [feed_of(service, one, reader=reader) for one in (nina, otto)]
        assert [feed.next() for feed in feeds] == [[], []]
        clock.now_ms = stored[0].ts_ms + 60_000  # what it reads now begins before the stored alerts
        until = time.monotonic() + 20
        while not feeds[0].has_news and time.monotonic() < until:
            time.sleep(0.02)
        for feed in feeds:
            assert [one.fields["event_id"] for one in feed.next()] == [str(one.event_id) for one in stored[:3]]
            assert not feed.has_news
            assert feed.next() == []
        assert not reader.has_after(0, {"another-body"})
    shown = [one for one in city.audit() if one["details"].get("question") == "Events" and one.get("rows") == 3]
    assert [(one["account"], one["purpose"], set(one["cameras"])) for one in shown] == [
        ("nina", "mobility", set(GUARD)),
        ("otto", "mobility", set(GUARD)),
    ]


class Ended:
    """A feed of which the first round has news, and the second one is refused."""

    has_news = True

    def next(self) -> list[FedAlert]:
        raise PolicyError("session", "has ended")


def test_the_text_of_a_stream_is_that_of_server_sent_events() -> None:
    alert = FedAlert("1-2", {"incident": INCIDENT, "text": "contramão"})
    released: list[bool] = []

    async def read() -> list[str]:
        return [part async for part in stream_of([alert], Ended(), lambda: released.append(True), round_s=0)]

    opening, shown, end = asyncio.run(read())
    assert opening.startswith(":")
    lines = shown.splitlines()
    assert lines[:2] == ["id: 1-2", "event: alert"]
    assert json.loads(lines[2].removeprefix("data: "))["incident"] == INCIDENT
    assert end.startswith("event: end")
    assert released == [True]
