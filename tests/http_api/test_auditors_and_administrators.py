"""Audit and people over HTTP: by role, of the own body only."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.domain.subject_request import IdentityCheck, RequestKind, SubjectRequest
from pipeline.governance.subject_request_register import SubjectRequestRegister
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.http_api.persons import People


def test_an_auditor_verifies_and_searches_the_audit_in_pages(people: People, city: Office) -> None:
    people.logged_in("caio").post("/queries/cameras", {"purpose": "city-services"})
    elisa = people.logged_in("elisa")
    checked = elisa.get("/audit/verification").json
    assert checked["intact"] is True
    assert checked["records"] == len(city.audit()), "its own record is the last one"
    page = elisa.post("/audit/search", {"limit": 2}).json
    assert (len(page["records"]), page["next_offset"]) == (2, 2)
    last = elisa.post("/audit/search", {"offset": page["found"], "limit": 1000}).json
    assert last["next_offset"] is None
    (found,) = elisa.post("/audit/search", {"person": "caio", "operation": "count-query"}).json["records"]
    assert (found["account"], found["purpose"]) == ("caio", "city-services")
    assert city.audit()[-1]["details"]["action"] == "search"


def test_the_audit_is_verified_one_at_a_time_and_not_over_and_over(people: People, service: Service) -> None:
    elisa = people.logged_in("elisa")
    with service.limits.verification("fabio"):
        assert elisa.get("/audit/verification").status == 503
    assert [elisa.get("/audit/verification").status for _ in range(5)] == [200] * 4 + [429]
    assert people.logged_in("fabio").get("/audit/verification").status == 200


def test_an_auditor_of_another_body_sees_the_records_of_their_own_only(people: People) -> None:
    people.logged_in("caio").post("/queries/cameras", {"purpose": "city-services"})
    people.logged_in("davi").post("/queries/cameras", {"purpose": "city-services"})
    found = people.logged_in("fabio").post("/audit/search", {"limit": 1000}).json["records"]
    assert {one["institution"] for one in found} == {"guarda"}
    assert "caio" in {one["account"] for one in found}


@pytest.mark.parametrize("login", ["caio", "davi"])
def test_others_read_no_audit_and_no_list_of_people(people: People, city: Office, login: str) -> None:
    client = people.logged_in(login)
    replies = [
        client.get("/audit/verification"),
        client.post("/audit/search", {}),
        client.post("/audit/anomalies", {}),
        client.post("/people/search", {}),
    ]
    assert [one.status for one in replies] == [403] * 4
    assert [one["outcome"] for one in city.audit()][-4:] == ["refused"] * 4


def test_administrators_list_people_in_pages_without_documents(people: People) -> None:
    ana = people.logged_in("ana")
    page = ana.post("/people/search", {"limit": 4}).json
    assert [one["login"] for one in page["people"]] == ["ana", "bia", "caio", "davi"]
    assert (page["next_offset"], page["found"]) == (4, 8)
    assert ana.post("/people/search", {"offset": 4}).json["next_offset"] is None
    assert "document" not in page["people"][0]
    assert ana.post("/people/search", {"institution": "guarda"}).status == 422


def test_the_data_protection_officer_of_the_city_sees_requests_and_deadlines_without_names(
    people: People, city: Office
) -> None:
    request = SubjectRequest(
        kind=RequestKind.ERASURE,
        person="Íris Lopes",
        contact="iris@example.org",
        identity=(IdentityCheck.DOCUMENT,),
        begin_ms=city.clock.now_ms - 7_200_000,
        end_ms=city.clock.now_ms - 3_600_000,
        by="Gil Souza",
        place="Avenida Brasil, 900",
        characteristics="camisa verde",
    )
    with SubjectRequestRegister(Path(city.register), city.clock) as register:
        register.receive(request, 15)
    question = {"case": "SEI 12/2026"}
    page = people.logged_in("gil").post("/subject-requests/search", question).json
    assert [one["kind"] for one in page["requests"]] == ["erasure"]
    assert (page["found"], page["next_offset"], page["requests"][0]["overdue"]) == (1, None, False)
    assert "Lopes" not in str(page)
    record = city.audit()[-1]
    assert (record["operation"], record["account"], record["case"]) == ("subject-request", "gil", "SEI 12/2026")
    for login, asked in (("gil", {"case": ""}), ("hugo", {"case": "IP 1/2026"}), ("caio", {"case": "IP 1/2026"})):
        assert people.logged_in(login).post("/subject-requests/search", asked).status == 403, login
