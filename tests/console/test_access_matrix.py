"""Who may do what in the console, stated here without the program's own rules, for every role, route and element."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import pytest
from fastapi.routing import APIRoute

from pipeline.console import hold_pages, list_pages, person_pages, plate_pages, recording_pages, situation_pages
from pipeline.console.application import PAGES
from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from pipeline.policy.access.matrix import access_matrix, included_operations
from tests.channels.browsers import Browser
from tests.console.staffed_city import INCIDENT, PEOPLE
from tests.console.visitors import Visitor, Visitors, text_of
from tests.http_api.served_city import GUARD

OBSERVERS: Final = frozenset({Role.OBSERVER, Role.OPERATOR, Role.INTELLIGENCE_ANALYST})
OPERATORS: Final = frozenset({Role.OPERATOR})
REVIEWERS: Final = frozenset({Role.OPERATOR, Role.INTELLIGENCE_ANALYST})
RETRIEVERS: Final = frozenset(
    {Role.OPERATOR, Role.INTELLIGENCE_ANALYST, Role.DISCLOSURE_OFFICER, Role.RESEARCHER_LIAISON}
)
ANALYSTS: Final = frozenset({Role.INTELLIGENCE_ANALYST})
OVERSEERS: Final = frozenset(
    {Role.AUDITOR, Role.SECTOR_ADMINISTRATOR, Role.GENERAL_ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER}
)
ENGINEERS: Final = frozenset({Role.SECTOR_ADMINISTRATOR, Role.GENERAL_ADMINISTRATOR, Role.BENCHMARK_ENGINEER})
CASEWORKERS: Final = frozenset(
    {Role.DISCLOSURE_OFFICER, Role.SECTOR_ADMINISTRATOR, Role.GENERAL_ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER}
)
COUNTERS: Final = OBSERVERS | {Role.SECTOR_ADMINISTRATOR, Role.GENERAL_ADMINISTRATOR, Role.RESEARCHER_LIAISON}
EXPORTERS: Final = ANALYSTS | {Role.RESEARCHER_LIAISON}
OFFICERS: Final = frozenset({Role.DISCLOSURE_OFFICER})
KEEPERS: Final = CASEWORKERS - {Role.DATA_PROTECTION_OFFICER}
NO_ONE: Final[frozenset[Role]] = frozenset()
SECTORAL: Final = frozenset({Role.SECTOR_ADMINISTRATOR})
CENTRAL: Final = frozenset({Role.GENERAL_ADMINISTRATOR})
ADMINISTRATORS: Final = frozenset({Role.SECTOR_ADMINISTRATOR, Role.GENERAL_ADMINISTRATOR})
ORIGINALS: Final = RETRIEVERS - {Role.RESEARCHER_LIAISON}
SECTIONS: Final[Mapping[str, frozenset[Role]]] = {
    "situation": OBSERVERS,
    "plates": ANALYSTS,
    "lists": REVIEWERS,
    "recordings": RETRIEVERS,
    "traffic": COUNTERS,
    "releases": CASEWORKERS,
    "rights": CASEWORKERS,
    "people": ADMINISTRATORS,
    "audit": OVERSEERS,
    "health": ENGINEERS,
}


class Request(NamedTuple):
    route: str
    path: str
    roles: frozenset[Role]
    fields: Mapping[str, str] | None = None
    status: int = 200


BASE = "/console/situation/{purpose}"
SITUATION = "/console/situation/city-services"
SEARCH = {"purpose": "criminal-investigation", "case": "IP 12/2026", "search": "reads", "plates": "ABC1D23"}
ENTRY = SEARCH | {"list": "roubados", "plate": "ABC1D23", "authority": "3ª DP", "reason": "furto", "until": "30d"}
ENDED = SEARCH | {"entry": "77", "end_reason": "localizado"}
VERDICT = SEARCH | {"incident": INCIDENT, "verdict": "false"}
RECORDED = {"purpose": "requisition", "case": "IP 12/2026", "camera": GUARD[0], "at": "2026-11-20T10:00"}
RELEASE = "/console/releases/{year}/{running}"
NO_RELEASE = "/console/releases/2026/999"
ACCOUNT = "/console/people/accounts/{login}"
ONE = "/console/people/accounts/guarda.otto"
PERSON = {"login": "nova", "name": "Nova Lima", "document": "MAT 1", "body": "none/none", "until": "2027-01-31"}
UNTIL = {"until": "2027-01-31"}
SECTOR = {"institution": "guarda", "sector": "norte", "name": "Norte", "retention": "7"}
CAMERA = "/console/people/cameras/{camera}"
ONE_CAMERA = f"/console/people/cameras/{GUARD[0]}"
BODIES = "/console/people/institutions"
KEPT = {"purpose": "preservation", "case": "IP 12/2026"}
NO_REQUEST = {"case": "IP 12/2026", "number": "T2026/000077", "decision": "refused", "reasons": "não"}
NOTHING_ASKED = {"kind": "access", "case": "IP 12/2026", "start": "2026-11-22", "end": "2026-11-23"}
BASIS = {"basis": "police", "recipient": "1ª DP", "purpose": "prova", "camera": "no camera", "case": "IP 12/2026"}
DEVICE = Browser("https://push.example/x").keys | {"channel": "none", "device": "Celular"}
STEP = {"action": "comment", "text": "Equipe a caminho"}
REQUESTS: Final = (
    Request("GET /console/situation", "/console/situation", OBSERVERS),
    Request(f"GET {BASE}", SITUATION, OBSERVERS),
    Request("POST /console/situation/purpose", "/console/situation/purpose", OBSERVERS, {"purpose": "mobility"}),
    Request(f"GET {BASE}/inbox", f"{SITUATION}/inbox", OBSERVERS),
    Request(f"GET {BASE}/incidents/{{incident}}", f"{SITUATION}/incidents/{INCIDENT}", OPERATORS),
    Request(f"GET {BASE}/incidents/{{incident}}/detail", f"{SITUATION}/incidents/{INCIDENT}/detail", OPERATORS),
    Request(f"POST {BASE}/incidents/{{incident}}/steps", f"{SITUATION}/incidents/{INCIDENT}/steps", OPERATORS, STEP),
    Request(f"POST {BASE}/hand-overs", f"{SITUATION}/hand-overs", OPERATORS, {"text": "Nada a informar"}),
    Request(f"GET {BASE}/stream", f"{SITUATION}/stream", OBSERVERS),
    Request(f"GET {BASE}/cameras/{{camera}}", f"{SITUATION}/cameras/{GUARD[0]}", OBSERVERS),
    Request(f"GET {BASE}/wall/{{size}}", f"{SITUATION}/wall/4", OBSERVERS),
    Request(f"GET {BASE}/devices", f"{SITUATION}/devices", OBSERVERS),
    # No channel has this name, which is said to those alone who may follow alerts.
    Request(f"POST {BASE}/devices", f"{SITUATION}/devices", OBSERVERS, DEVICE, 409),
    Request(f"POST {BASE}/devices/{{number}}/end", f"{SITUATION}/devices/77/end", OBSERVERS, {}, 404),
    Request("GET /console/plates", "/console/plates", ANALYSTS),
    Request("POST /console/plates", "/console/plates", ANALYSTS, SEARCH),
    Request("POST /console/plates/export", "/console/plates/export", ANALYSTS, SEARCH),
    Request("POST /console/plates/parquet", "/console/plates/parquet", ANALYSTS, SEARCH),
    Request("GET /console/lists", "/console/lists", REVIEWERS),
    Request("POST /console/lists", "/console/lists", REVIEWERS, SEARCH),
    # No second person has approved it.
    Request("POST /console/lists/entries", "/console/lists/entries", frozenset(), ENTRY),
    Request("POST /console/lists/entries/end", "/console/lists/entries/end", REVIEWERS, ENDED, 409),
    Request("POST /console/lists/hits/feedback", "/console/lists/hits/feedback", REVIEWERS, VERDICT, 409),
    Request("GET /console/recordings", "/console/recordings", RETRIEVERS),
    # This server records nothing. Researchers get anonymized video only, and no one else persons but those who watch.
    Request("POST /console/recordings", "/console/recordings", ORIGINALS, RECORDED, 503),
    Request("POST /console/recordings/video", "/console/recordings/video", OBSERVERS & RETRIEVERS, RECORDED, 503),
    Request("GET /console/traffic", "/console/traffic", COUNTERS),
    Request("POST /console/traffic", "/console/traffic", COUNTERS, {"purpose": "research"}),
    # Nothing was counted in the last 24 hours, of which no file is made.
    Request("POST /console/traffic/csv", "/console/traffic/csv", EXPORTERS, {"purpose": "research"}, 422),
    Request("POST /console/traffic/parquet", "/console/traffic/parquet", EXPORTERS, {"purpose": "research"}, 422),
    # This server has no configuration, which open data need.
    Request("POST /console/traffic/open-data", "/console/traffic/open-data", EXPORTERS, {"purpose": "research"}, 503),
    Request("GET /console/releases", "/console/releases", CASEWORKERS),
    Request("POST /console/releases", "/console/releases", CASEWORKERS, {"state": "refused"}),
    Request("POST /console/releases/sheet", "/console/releases/sheet", CASEWORKERS, {"month": "2026-11"}),
    Request("GET /console/releases/new", "/console/releases/new", OFFICERS),
    Request("POST /console/releases/new", "/console/releases/new", OFFICERS, BASIS, 409),
    # There is no such disclosure, which is said to those alone who may do it with one. Who approves something may open
    # the section; whether they approve a disclosure is decided where there is one, see test_releases.
    Request(f"GET {RELEASE}", NO_RELEASE, CASEWORKERS, None, 404),
    Request(f"GET {RELEASE}/progress", f"{NO_RELEASE}/progress", CASEWORKERS),
    Request(f"POST {RELEASE}/document", f"{NO_RELEASE}/document", OFFICERS, {}, 409),
    Request(f"POST {RELEASE}/document/copy", f"{NO_RELEASE}/document/copy", CASEWORKERS, {}, 409),
    Request(f"POST {RELEASE}/approval", f"{NO_RELEASE}/approval", CASEWORKERS, {}, 409),
    Request(f"POST {RELEASE}/refusal", f"{NO_RELEASE}/refusal", CASEWORKERS, {"reasons": "não"}, 409),
    Request(f"POST {RELEASE}/build", f"{NO_RELEASE}/build", OFFICERS, {}, 409),
    Request(f"POST {RELEASE}/files/{{sha256}}/video", f"{NO_RELEASE}/files/{'0' * 64}/video", OFFICERS, {}, 409),
    Request(f"POST {RELEASE}/files/{{sha256}}/report", f"{NO_RELEASE}/files/{'0' * 64}/report", OFFICERS, {}, 409),
    Request(f"POST {RELEASE}/delivery", f"{NO_RELEASE}/delivery", OFFICERS, {}, 409),
    Request("GET /console/rights", "/console/rights", CASEWORKERS),
    # Requests are addressed to the general administration: those of another body who handle them open no list.
    Request("POST /console/rights", "/console/rights", CENTRAL, {"case": "IP 12/2026"}),
    Request("GET /console/rights/new", "/console/rights/new", CASEWORKERS),
    # No such request, and one that states nothing.
    Request("POST /console/rights/new", "/console/rights/new", CENTRAL, NOTHING_ASKED, 403),
    Request("POST /console/rights/request", "/console/rights/request", CENTRAL, NO_REQUEST, 409),
    Request("POST /console/rights/request/decision", "/console/rights/request/decision", CENTRAL, NO_REQUEST, 409),
    Request("POST /console/rights/request/letter", "/console/rights/request/letter", CENTRAL, NO_REQUEST, 409),
    Request("GET /console/rights/holds", "/console/rights/holds", KEEPERS),
    Request("POST /console/rights/holds", "/console/rights/holds", KEEPERS, KEPT),
    # No such camera, and no approval.
    Request("POST /console/rights/holds/new", "/console/rights/holds/new", KEEPERS, KEPT, 422),
    Request("POST /console/rights/holds/release", "/console/rights/holds/release", NO_ONE, KEPT),
    Request("GET /console/rights/disposals", "/console/rights/disposals", CASEWORKERS),
    Request("POST /console/rights/disposals", "/console/rights/disposals", CASEWORKERS, {"month": "2026-11"}),
    Request("POST /console/rights/disposals/report", "/console/rights/disposals/report", CASEWORKERS, {}, 422),
    Request("GET /console/people", "/console/people", ADMINISTRATORS),
    Request("POST /console/people", "/console/people", ADMINISTRATORS, {}),
    # The body is none, which is said to those alone who may register people.
    Request("GET /console/people/new", "/console/people/new", ADMINISTRATORS),
    Request("POST /console/people/new", "/console/people/new", ADMINISTRATORS, PERSON, 409),
    # The guard manages its own people: the general administration reads their accounts.
    Request(f"GET {ACCOUNT}", ONE, ADMINISTRATORS),
    Request(f"POST {ACCOUNT}/invitation", f"{ONE}/invitation", SECTORAL, {}),
    Request(f"POST {ACCOUNT}/{{step}}", f"{ONE}/training", SECTORAL, UNTIL, 303),
    Request(f"GET {BODIES}", BODIES, ADMINISTRATORS),
    Request(f"POST {BODIES}", BODIES, CENTRAL, {"institution": "pm", "name": "PM", "kind": "security"}, 303),
    Request(f"POST {BODIES}/sectors", f"{BODIES}/sectors", CENTRAL, SECTOR, 303),
    Request(f"POST {BODIES}/agreements", f"{BODIES}/agreements", CENTRAL, UNTIL, 409),
    Request(f"POST {BODIES}/agreements/{{number}}/end", f"{BODIES}/agreements/77/end", CENTRAL, {}, 409),
    # This server has no configuration, so no camera can be added to it or drawn on.
    Request("GET /console/people/cameras/new", "/console/people/cameras/new", CENTRAL),
    Request("POST /console/people/cameras/new", "/console/people/cameras/new", CENTRAL, {}, 422),
    Request(f"GET {CAMERA}", ONE_CAMERA, ADMINISTRATORS),
    Request(f"POST {CAMERA}/registration", f"{ONE_CAMERA}/registration", ADMINISTRATORS, {}, 409),
    Request(f"POST {CAMERA}/approval", f"{ONE_CAMERA}/approval", CENTRAL, {}, 409),
    Request(f"POST {CAMERA}/reload", f"{ONE_CAMERA}/reload", CENTRAL, {}, 409),
    Request(f"POST {CAMERA}/draw", f"{ONE_CAMERA}/draw", CENTRAL, {}, 409),
    Request(f"GET {CAMERA}/draw/", f"{ONE_CAMERA}/draw/", CENTRAL, None, 404),
    Request(f"GET {CAMERA}/draw/still.jpg", f"{ONE_CAMERA}/draw/still.jpg", CENTRAL, None, 404),
    Request(f"GET {CAMERA}/draw/state", f"{ONE_CAMERA}/draw/state", CENTRAL, None, 404),
    Request(f"POST {CAMERA}/draw/{{action}}", f"{ONE_CAMERA}/draw/save", CENTRAL, {}, 409),
    Request("GET /console/audit", "/console/audit", OVERSEERS),
    Request("POST /console/audit", "/console/audit", OVERSEERS, {"person": "caio"}),
    Request("POST /console/audit/verification", "/console/audit/verification", OVERSEERS, {}),
    Request("POST /console/audit/anomalies", "/console/audit/anomalies", OVERSEERS, {}),
    Request("POST /console/audit/proofs/{sequence}", "/console/audit/proofs/1", OVERSEERS, {}),
    Request("GET /console/health", "/console/health", ENGINEERS),
)
NEEDS_A_STATE: Final = {
    f"POST {BASE}/hand-overs/accept": OPERATORS,
    f"GET {BASE}/video/{{cameras}}": OBSERVERS,
    f"GET {BASE}/mjpeg/{{camera}}": OBSERVERS,
}
"""Answered with an error where there is nothing to accept, and no run of cameras."""
WITHOUT_SECTION: Final = {
    "GET /",
    "GET /console",
    "GET /console/",
    "GET /console/account",
    "GET /console/directory/code",
    "GET /console/directory/return",
    "GET /console/directory/to/{name}",
    "GET /console/login",
    "GET /console/push-worker.js",
    "POST /console/account/notices",
    "POST /console/account/passkeys",
    "POST /console/account/passkeys/remove",
    "POST /console/account/password",
    "POST /console/account/sessions",
    "POST /console/directory/code",
    "POST /console/directory/logout/{name}",
    "POST /console/login",
    "POST /console/logout",
    "POST /console/preferences",
}


def sent(visitor: Visitor, request: Request) -> int:
    if request.fields is None:
        return visitor.open(request.path).status
    if request.path.endswith("/document"):
        headers = {"content-type": "application/octet-stream", "x-csrf-token": visitor.token}
        return visitor.request("POST", request.path, b"%PDF", headers).status
    return visitor.send(request.path, request.fields).status


def test_every_route_of_the_console_is_stated_here() -> None:
    routes = {
        f"{method} {route.path}"
        for router in PAGES
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert routes == WITHOUT_SECTION | NEEDS_A_STATE.keys() | {one.route for one in REQUESTS}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_what_is_stated_and_nothing_else(role: Role, visitors: Visitors) -> None:
    visitor = visitors.logged_in(PEOPLE[role])
    answered = {}
    for request in REQUESTS:
        if request.route.endswith("/stream") and role in request.roles:
            continue  # it has no end
        answered[request.route] = sent(visitor, request)
    # An auditor of another body than the general administration may prove the records of their own only.
    expected = {
        one.route: one.status if role in one.roles else 403
        for one in REQUESTS
        if one.route in answered and not one.route.endswith("{sequence}")
    }
    assert {route: status for route, status in answered.items() if route in expected} == expected
    assert (answered["POST /console/audit/proofs/{sequence}"] != 403) == (role in OVERSEERS)
    accept = visitor.send(f"{SITUATION}/hand-overs/accept", number="77")
    assert accept.status == (409 if role in OPERATORS else 403)
    if role not in ADMINISTRATORS:
        assert {visitor.send(f"{ONE}/{step}", UNTIL).status for step in person_pages.Step} == {403}
    live = [visitor.open(f"{SITUATION}/{kind}/{GUARD[0]}").status for kind in ("video", "mjpeg")]
    assert live == [503 if role in OBSERVERS else 403] * 2


@pytest.mark.parametrize("role", list(Role))
def test_a_page_shows_a_role_its_sections_and_actions_alone(role: Role, visitors: Visitors) -> None:
    visitor = visitors.logged_in(PEOPLE[role])
    own = [name for name, roles in SECTIONS.items() if role in roles]
    if not own:
        text = text_of(visitor.open("/console/"))
        assert "Nenhuma seção disponível" in text
        assert 'aria-label="Seções"' not in text
        assert not re.findall(r'<a href="/console/\w+"', text)
    for name in own:
        text = text_of(visitor.open(f"/console/{name}"))
        assert re.findall(r'<li><a href="/console/(\w+)"', text) == own
        assert ("/hand-overs" in text) == (name == "situation" and role in OPERATORS)
    if role in OPERATORS:
        text = text_of(visitor.open(f"{SITUATION}/incidents/{INCIDENT}"))
        assert re.findall(r'name="action" value="(\w+)"', text) == ["acknowledge", "close", "escalate", "comment"]
    if role in ANALYSTS:
        text = text_of(visitor.send("/console/plates", SEARCH))
        assert "/console/plates/export" in text


def test_emergency_access_alone_adds_the_plates_to_an_operator() -> None:
    ordinary, emergency = (included_operations(Role.OPERATOR, emergency=opened) for opened in (False, True))
    assert emergency - ordinary == {Operation.PLATE_QUERY, Operation.JOURNEY_QUERY}


def test_the_purposes_of_the_pages_are_those_of_the_rules() -> None:
    matrix = access_matrix()
    searches = {purpose for role in Role for purpose in matrix[Operation.PLATE_QUERY][role].conditions}
    assert set(plate_pages.PURPOSES) == searches
    held = {purpose for role in Role for purpose in matrix[Operation.HOLD][role].conditions}
    assert set(hold_pages.PURPOSES) == held
    reviews = {purpose for role in Role for purpose in matrix[Operation.ALERT_REVIEW][role].conditions}
    assert set(list_pages.PURPOSES) == reviews
    retrieved = {purpose for role in Role for purpose in matrix[Operation.RETRIEVAL][role].conditions}
    assert set(recording_pages.PURPOSES) == retrieved
    incidents = {purpose for role in Role for purpose in matrix[Operation.INCIDENT][role].conditions}
    assert set(situation_pages.PURPOSES) == incidents
