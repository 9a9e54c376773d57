"""Sessions: log-in, cookie, CSRF, end; attacks on them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import FastAPI

from pipeline.governance.login_sessions import IDLE_SESSION_MS, LONGEST_SESSION_MS, MOST_SESSIONS
from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.governance.people import PASSWORD
from tests.http_api.client import Client
from tests.http_api.persons import People

COOKIE = "viapublica-session"


def test_a_log_in_gives_a_cookie_that_scripts_and_other_sites_cannot_use(people: People, client: Client) -> None:
    reply = people.attempt("ana", client)
    assert reply.status == 200
    flags = set(reply.headers["set-cookie"].split("; ")[1:])
    assert flags == {"HttpOnly", "Path=/", "SameSite=strict"}
    assert reply.json["account"]["roles"] == ["general-administrator"]
    assert len(client.cookies[COOKIE]) >= 43
    assert client.cookies[COOKIE] not in reply.body.decode()
    assert client.get("/account").json["login"] == "ana"
    assert people.city.audit()[-1]["details"]["action"] == "sign-in"


def test_behind_tls_the_cookie_is_of_this_host_only(service: Service, city: Office) -> None:
    app = create_application(replace(service, encrypted=True, behind_proxy=True))
    client = Client(app)
    reply = People(app, city).attempt("ana", client)
    name, *flags = reply.headers["set-cookie"].split("; ")
    assert name.startswith(f"__Host-{COOKIE}=")
    assert "Secure" in flags
    assert reply.headers["strict-transport-security"]
    planted = Client(app, cookies={COOKIE: next(iter(client.cookies.values()))})
    assert planted.get("/account").status == 401, "a page without TLS can set only the other name"


def test_a_session_that_an_attacker_planted_is_not_taken_over(people: People, client: Client) -> None:
    client.cookies[COOKIE] = "planted-by-another-person"
    assert people.attempt("ana", client).status == 200
    assert client.cookies[COOKIE] != "planted-by-another-person"
    assert Client(people.app, cookies={COOKIE: "planted-by-another-person"}).get("/account").status == 401


def test_a_log_in_in_the_same_browser_ends_the_session_before(people: People) -> None:
    client = people.logged_in("ana")
    before = dict(client.cookies)
    assert people.attempt("bia", client).json["account"]["login"] == "bia"
    assert Client(people.app, cookies=before).get("/account").status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"x-csrf-token": ""}, 403),
        ({"x-csrf-token": "0" * 64}, 403),
        ({"x-csrf-token": "é"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 204),
    ],
)
def test_a_page_of_another_site_changes_nothing(people: People, headers: dict[str, str], status: int) -> None:
    client = people.logged_in("ana")
    encoded = {name: value.encode("utf-8").decode("latin-1") for name, value in headers.items()}
    assert client.request("DELETE", "/session", headers=encoded).status == status
    assert client.get("/account").status == (401 if status == 204 else 200)


def test_the_csrf_token_of_another_session_is_refused(people: People) -> None:
    ana, bia = people.logged_in("ana"), people.logged_in("bia")
    ana.csrf, bia.csrf = bia.csrf, ana.csrf
    assert ana.request("DELETE", "/session").status == 403
    ana.csrf = ana.get("/session").json["csrf_token"]
    assert ana.request("DELETE", "/session").status == 204


def test_sessions_end_with_a_reason(people: People, city: Office) -> None:
    client = people.logged_in("ana")
    city.clock.now_ms += IDLE_SESSION_MS
    assert "30 minutes without use" in client.get("/account").json["detail"]
    clients = [people.logged_in("ana") for _ in range(MOST_SESSIONS + 1)]
    assert "newer log-in" in clients[0].get("/account").json["detail"]
    assert [one.get("/account").status for one in clients[1:]] == [200] * MOST_SESSIONS
    for _ in range(LONGEST_SESSION_MS // IDLE_SESSION_MS + 1):
        city.clock.now_ms += IDLE_SESSION_MS - 60_000
        last = clients[-1].get("/account")
    assert last.status == 401, "however much it is used"


@pytest.mark.parametrize(
    "sent",
    [
        {"cookies": {COOKIE: "x" * 43}},
        {"bearer": "viapublica_" + "x" * 43},
        {"bearer": "x"},
        {"cookies": {COOKIE: "'"}},
        {},
    ],
)
def test_forged_sessions_and_tokens_are_refused_and_soon_not_even_tried(
    app: FastAPI, people: People, sent: dict[str, str]
) -> None:
    client = Client(app, "198.51.100.1", **sent)  # type: ignore[arg-type]
    reply = client.get("/account")
    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
    if sent:
        statuses = [client.get("/account").status for _ in range(31)]
        assert statuses[:29] == [401] * 29
        assert statuses[-1] == 429
    assert people.logged_in("ana").get("/account").status == 200, "another address is not concerned"


def test_passwords_cannot_be_tried_out(people: People, client: Client, city: Office) -> None:
    replies = [people.attempt("ana", client, f"wrong password {number}", "000000") for number in range(11)]
    assert [one.status for one in replies] == [401] * 10 + [429]
    assert len({one.json["detail"] for one in replies[:10]}) == 1
    assert int(replies[-1].headers["retry-after"]) > 0
    elsewhere = Client(people.app, "198.51.100.2")
    assert people.attempt("ana", elsewhere).status == 401, "the account is locked, from every strange address"
    assert people.attempt("nobody", elsewhere, code="123456").json["detail"] == replies[0].json["detail"]
    city.clock.now_ms += 15 * 60_000
    assert people.attempt("ana", elsewhere).status == 200


def test_a_code_opens_one_session(people: People, client: Client) -> None:
    code = people.code("ana")
    assert people.attempt("ana", client, code=code).status == 200
    assert people.attempt("ana", Client(people.app), code=code).status == 401


def test_an_account_that_may_not_be_used_is_refused_with_the_reason(
    people: People, client: Client, city: Office
) -> None:
    open_one = people.logged_in("bia")
    with city.opened("ana") as opened:
        opened.registry.suspend("bia", "apuração 12/2026", "ana")
    assert "the account is suspended" in open_one.get("/account").json["detail"]
    assert "apuração 12/2026" in people.attempt("bia", client).json["detail"]
    wrong = people.attempt("bia", client, "another password")
    assert "suspended" not in wrong.json["detail"], "only its person is answered the reason"
    city.clock.now_ms += 91 * 86_400_000
    assert people.attempt("ana", client).status == 401
    assert city.audit()[-1]["details"]["action"] == "sign-in-refused"


@pytest.mark.parametrize(
    "body",
    [
        {"login": "ana", "password": PASSWORD},
        {"login": "ana", "password": PASSWORD, "code": "1", "role": "auditor"},
        {"login": ["ana"], "password": PASSWORD, "code": "1"},
        {"login": "ana", "password": "x" * 1025, "code": "1"},
        [],
    ],
)
def test_a_log_in_has_three_fields_and_its_errors_repeat_none(client: Client, body: object) -> None:
    reply = client.post("/session", body)
    assert reply.status == 422
    assert PASSWORD not in reply.body.decode()
    assert "x" * 100 not in reply.body.decode()
