"""Questions over HTTP: decision and audit first, cameras of the own body only, pages that say when they end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog

from pipeline.app.people.administration import Administration
from pipeline.domain.approvals import ApprovalKind, ApprovalState, NewApproval
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.query_use import QueryLimit, QueryLimits
from pipeline.domain.role import Role
from pipeline.domain.sharing_agreement import NewAgreement
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.governance.people import year
from tests.http_api.client import Client
from tests.http_api.persons import People
from tests.http_api.served_city import CEIC, GUARD, PLATES

LAWFUL: dict[str, Any] = {"purpose": "criminal-investigation", "case": "IP 12/2026"}
BY_PLATE = LAWFUL | {"plates": [PLATES[0]]}


@pytest.fixture
def caio(people: People) -> Client:
    return people.logged_in("caio")


def test_an_analyst_finds_the_reads_of_a_plate_at_the_cameras_of_their_body(caio: Client, city: Office) -> None:
    with structlog.testing.capture_logs() as lines:
        reply = caio.post("/queries/plates", BY_PLATE)
    assert reply.status == 200, reply.body
    found = reply.json
    assert {row["camera_id"] for row in found["rows"]} == set(GUARD)
    assert {row["plate"] for row in found["rows"]} == {PLATES[0]}
    assert found["left_out_cameras"] == 1, "the camera of the other body"
    assert found["complete"] is False, "as cameras are left out"
    assert found["next_offset"] is None
    assert PLATES[0] not in str(lines)
    record = city.audit()[-1]
    stated = {
        name: record[name] for name in ("operation", "outcome", "account", "institution", "role", "purpose", "case")
    }
    assert stated == {
        "operation": "plate-query",
        "outcome": "allowed",
        "account": "caio",
        "institution": "guarda",
        "role": "intelligence-analyst",
        **LAWFUL,
    }
    assert record["rows"] == len(found["rows"])
    assert PLATES[0] not in str(record)


@pytest.mark.parametrize(
    ("change", "policy", "words"),
    [
        ({"case": ""}, "case-number", "needs a case number"),
        ({"case": "12/2026"}, "case-number-format", "format of the institution"),
        ({"purpose": "mobility"}, "purpose-of-plate-search", "one of these purposes"),
        ({"cameras": [CEIC]}, "camera-not-permitted", "not registered, or you may not ask"),
        ({"cameras": [GUARD[0], CEIC]}, "camera-not-permitted", "not registered, or you may not ask"),
        ({"cameras": [GUARD[0], "no-such-camera"]}, "camera-not-permitted", "not registered, or you may not ask"),
    ],
)
def test_a_question_without_grounds_is_refused_with_what_is_missing_and_audited(
    caio: Client, city: Office, change: dict[str, Any], policy: str, words: str
) -> None:
    reply = caio.post("/queries/plates", BY_PLATE | change)
    assert (reply.status, reply.json["policy"]) == (403, policy), reply.body
    assert words in reply.json["detail"]
    record = city.audit()[-1]
    assert (record["operation"], record["outcome"], record["policy"]) == ("plate-query", "refused", policy)
    assert (record["account"], record["purpose"]) == ("caio", (BY_PLATE | change)["purpose"])
    assert len(record["plates"]) == 1, "as a keyed hash"


@pytest.mark.parametrize("login", ["ana", "davi", "elisa"])
def test_other_roles_search_no_plates(people: People, login: str) -> None:
    reply = people.logged_in(login).post("/queries/plates", BY_PLATE)
    assert reply.status == 403
    assert PLATES[0] not in reply.body.decode()


def test_an_agreement_opens_the_cameras_of_another_body_for_its_purposes_until_it_ends(
    people: People, caio: Client, city: Office
) -> None:
    wanted = NewAgreement(
        number="Convênio 12/2026",
        owner="ceic",
        recipient="guarda/central",
        purposes=frozenset({Purpose.CRIMINAL_INVESTIGATION}),
        operations=frozenset({Operation.PLATE_QUERY}),
        validity=year(city.clock),
    )
    with city.opened("ana") as opened:
        agreement = Administration(opened).add_agreement(wanted)
    shared = caio.post("/queries/plates", BY_PLATE | {"cameras": [CEIC]})
    assert shared.status == 200, shared.body
    assert caio.post("/queries/plates", BY_PLATE).json["left_out_cameras"] == 0
    for refused in (
        caio.post("/queries/route", LAWFUL | {"plate": PLATES[0], "cameras": [CEIC]}),
        caio.post("/queries/plates", BY_PLATE | {"cameras": [CEIC], "purpose": "requisition"}),
    ):
        assert (refused.status, refused.json["policy"]) == (403, "camera-not-permitted"), refused.body
    with city.opened("ana") as opened:
        assert [one.agreement_id for one in Administration(opened).agreements()] == [agreement.agreement_id]
        Administration(opened).end_agreement(agreement.agreement_id)
    assert caio.post("/queries/plates", BY_PLATE | {"cameras": [CEIC]}).status == 403
    changes = [one["details"]["action"] for one in city.audit() if one["operation"] == "institution-registration"]
    assert changes[-2:] == ["add-agreement", "end-agreement"]


def test_a_list_of_plates_a_route_and_counts(caio: Client, city: Office) -> None:
    both = caio.post("/queries/plates", BY_PLATE | {"plates": list(PLATES)}).json
    assert {row["plate"] for row in both["rows"]} == set(PLATES)
    legs = caio.post("/queries/route", LAWFUL | {"plate": PLATES[0]}).json["rows"]
    assert len(legs) >= 2
    counts = caio.post("/queries/events", {"purpose": "city-services", "kind": "count"})
    assert [row["camera_id"] for row in counts.json["rows"]] == [GUARD[0]] * 3
    everything = caio.post("/queries/events", LAWFUL | {"kind": "plate_read"})
    assert everything.json["policy"] == "second-person", "all reads of everyone take a second person"
    assert [one["operation"] for one in city.audit()][-4:] == [
        "plate-query",
        "journey-query",
        "count-query",
        "bulk-query",
    ]


def test_a_search_in_bulk_is_answered_once_another_person_approved_it(
    people: People, caio: Client, city: Office
) -> None:
    question = LAWFUL | {"kind": "plate_read"}
    assert caio.post("/queries/events", question).status == 403
    wanted = NewApproval(
        kind=ApprovalKind.APPROVAL,
        operation=Operation.BULK_QUERY,
        case_number=LAWFUL["case"],
        hours=1,
        reason="veículo sem placa conhecida",
    )
    with city.opened("root") as opened:
        registry = opened.registry
        asked = registry.ask_approval("caio", wanted)
        by = registry.person("ana").account(Role.GENERAL_ADMINISTRATOR, city.clock.now_ms, second_factor=True)
        registry.decide_approval(asked.approval_id, by, ApprovalState.APPROVED)
    assert len(caio.post("/queries/events", question).json["rows"]) == 8
    assert caio.post("/queries/events", question | {"case": "IP 13/2026"}).status == 403, "of another case"


def test_pages_say_where_the_next_one_begins_and_when_there_is_none(caio: Client) -> None:
    offset: int | None = 0
    seen: list[str] = []
    pages = 0
    while offset is not None:
        page = caio.post("/queries/plates", BY_PLATE | {"limit": 2, "offset": offset}).json
        seen += [row["event_id"] for row in page["rows"]]
        offset, pages = page["next_offset"], pages + 1
        assert page["complete"] is False
    assert len(seen) == len(set(seen)) == 4
    assert pages == 2


def test_cameras_with_their_state_are_those_of_the_own_body(people: People, city: Office) -> None:
    caio, davi = people.logged_in("caio"), people.logged_in("davi")
    asked = {"purpose": "city-services"}
    guard = caio.post("/queries/cameras", asked).json
    assert [row["camera_id"] for row in guard["cameras"]] == list(GUARD)
    assert guard["left_out_cameras"] == 1
    assert guard["cameras"][0]["events"]["plate_read"] == 4
    assert [row["camera_id"] for row in davi.post("/queries/cameras", asked).json["cameras"]] == [CEIC]
    assert caio.post("/queries/cameras", {"purpose": "research", "camera": CEIC}).status == 422


@pytest.mark.parametrize(
    "change",
    [
        {"plates": ["not a plate"]},
        {"plates": []},
        {"plates": ["ABC1D23"] * 11},
        {"purpose": "curiosity"},
        {"limit": 1001},
        {"offset": -1},
        {"start": "soon"},
        {"start": "2026-11-02T00:00Z", "end": "2026-11-01T00:00Z"},
        {"account": "ana"},
        {"role": "auditor", "second_factor": True},
        {"min_confidence": "NaN"},
        {"errors": 2},
    ],
)
def test_a_value_that_makes_no_sense_is_named_and_not_repeated(caio: Client, change: dict[str, Any]) -> None:
    reply = caio.post("/queries/plates", BY_PLATE | change)
    assert reply.status == 422
    assert not [text for text in ("not a plate'", "ABC1D23", "curiosity") if text in reply.body.decode()]


def test_a_token_answers_what_it_was_made_for_only(people: People, caio: Client, city: Office) -> None:
    counts = people.token(caio, "count-query")
    assert counts.post("/queries/cameras", {"purpose": "city-services"}).status == 200
    reply = counts.post("/queries/plates", BY_PLATE)
    assert (reply.status, reply.json["policy"]) == (403, "token-operations")
    record = city.audit()[-1]
    assert (record["account"], record["policy"]) == ("caio", "token-operations")
    assert people.token(caio, "plate-query").post("/queries/plates", BY_PLATE).status == 200


def test_nothing_is_answered_without_its_audit_record(caio: Client, city: Office) -> None:
    audit = city.folder / "data" / "audit"
    audit.rename(city.folder / "away")
    audit.write_text("not a folder")
    reply = caio.post("/queries/plates", BY_PLATE)
    assert reply.status == 503
    assert PLATES[0] not in reply.body.decode()


def test_searches_of_an_account_are_limited_and_auditors_of_its_body_see_it(
    people: People, caio: Client, service: Service, city: Office
) -> None:
    limits = QueryLimits(QueryLimit(per_hour=1, per_day=1))
    object.__setattr__(service, "stores", replace(service.stores, query_limits=limits))
    assert caio.post("/queries/plates", BY_PLATE).status == 200
    reply = caio.post("/queries/plates", BY_PLATE)
    assert (reply.status, reply.json["policy"], reply.headers["retry-after"]) == (429, "query-limit", "86400")
    (sign,) = people.logged_in("fabio").post("/audit/anomalies", {}).json["anomalies"]
    assert (sign["rule"], sign["persons"], sign["number"]) == ("limit-reached", ["caio"], 1)


def test_a_role_that_was_withdrawn_counts_no_more_in_an_open_session(caio: Client, city: Office) -> None:
    with city.opened("root") as opened:
        opened.registry.revoke("caio", Role.INTELLIGENCE_ANALYST, "root")
    assert "no role" in caio.post("/queries/plates", BY_PLATE).json["detail"]


def test_a_case_that_names_a_religion_is_refused(caio: Client, city: Office) -> None:
    reply = caio.post("/queries/plates", BY_PLATE | {"purpose": "requisition", "case": "IP 12/2026 umbandista"})
    assert reply.status == 403
