"""What people change of their own log-in: password and sessions, with a factor given again, and notices of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.people.installations import Office
from tests.governance.people import PASSWORD
from tests.http_api.client import Client, Reply
from tests.http_api.persons import People

NEW = "sete barcos azuis dormem"


def change(people: People, client: Client, **given: Any) -> Reply:
    body = {"password": PASSWORD, "new_password": NEW, "code": people.code("ana")} | given
    return client.post("/account/password", body)


def kinds(client: Client) -> list[str]:
    return [one["kind"] for one in client.get("/account/notices").json["notices"]]


def test_a_new_password_counts_at_once_and_ends_everything_else(people: People, city: Office) -> None:
    there, here = people.logged_in("ana"), people.logged_in("ana")
    program = people.token(here, "report")
    before = Client(people.app, cookies=dict(here.cookies))
    reply = change(people, here)
    assert (reply.status, reply.json["ended_sessions"]) == (200, 1)
    here.csrf = reply.json["csrf_token"]
    assert [one.get("/account").status for one in (here, before, there, program)] == [200, 401, 401, 401]
    assert "the password was changed" in there.get("/account").json["detail"]
    assert city.audit()[-1]["details"]["action"] == "password"
    assert people.attempt("ana", Client(people.app)).status == 401
    assert people.attempt("ana", Client(people.app), NEW).status == 200
    assert kinds(here) == ["password", "token"]
    assert here.post("/account/notices/seen", {"until_id": 10}).status == 204
    assert [one["seen"] for one in here.get("/account/notices").json["notices"]] == [True, True]


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"password": "outra senha qualquer"}, 403, "is wrong"),
        ({"code": "000000"}, 403, "is wrong"),
        ({"new_password": "curta"}, 409, "5 characters"),
        ({"new_password": "ana ana ana ana"}, 409, "easily guessed"),
        ({"new_password": PASSWORD}, 409, "present one"),
        ({"login": "bia"}, 422, "login"),
    ],
)
def test_a_password_changes_with_both_factors_only(
    people: People, given: dict[str, str], status: int, words: str
) -> None:
    ana = people.logged_in("ana")
    reply = change(people, ana, **given)
    assert reply.status == status
    assert words in reply.json["detail"]
    assert NEW not in reply.body.decode()
    assert people.attempt("ana", Client(people.app)).status == 200


def test_a_stolen_session_cannot_try_out_codes(people: People, city: Office) -> None:
    ana = people.logged_in("ana")
    for number in range(5):
        assert change(people, ana, code=f"00000{number}").status == 403
    assert change(people, ana).status == 403, "locked"
    assert kinds(ana) == ["locked"]
    city.clock.now_ms += 15 * 60_000
    assert change(people, ana).status == 200


def test_sessions_are_listed_and_ended_by_their_owner_with_a_code(people: People) -> None:
    there, here, other = people.logged_in("ana", "192.0.2.9"), people.logged_in("ana"), people.logged_in("bia")
    first, second = here.get("/sessions").json["sessions"]
    assert [(first["origin"], first["own"]), (second["origin"], second["own"])] == [
        ("192.0.2.9", False),
        ("192.0.2.7", True),
    ]
    assert Client(people.app, cookies=dict.fromkeys(here.cookies, first["session_id"])).get("/account").status == 401
    foreign = {"session_id": first["session_id"], "code": people.code("bia")}
    assert other.post("/sessions/end", foreign).status == 409
    assert there.get("/account").status == 200
    assert here.post("/sessions/end", {"session_id": first["session_id"], "code": "000000"}).status == 403
    reply = here.post("/sessions/end", {"session_id": first["session_id"], "code": people.code("ana")})
    assert reply.json["ended_sessions"] == 1
    assert "its owner ended it" in there.get("/account").json["detail"]
    assert here.get("/account").status == 200


def test_a_log_out_everywhere_ends_all_sessions_and_tokens_of_the_account_and_no_others(people: People) -> None:
    here, there, other = people.logged_in("ana"), people.logged_in("ana"), people.logged_in("bia")
    program = people.token(here, "report")
    assert program.post("/sessions/end", {"code": people.code("ana")}).status == 403
    assert here.post("/sessions/end", {"code": people.code("ana")}).json == {"ended_sessions": 2, "csrf_token": ""}
    assert [one.get("/account").status for one in (here, there, program, other)] == [401, 401, 401, 200]
    assert people.city.audit()[-1]["details"]["action"] == "sign-out-everywhere"


def test_a_stranger_who_knows_a_login_locks_no_one_out_at_a_known_address(people: People, city: Office) -> None:
    ana = people.logged_in("ana")
    for number in range(3):
        for _ in range(5):
            people.attempt("ana", Client(people.app, f"198.51.100.{number}"), "a wrong password", "000000")
    assert people.attempt("ana", Client(people.app, "198.51.100.9")).status == 401
    assert people.attempt("ana", Client(people.app)).status == 200, "from an address of an earlier log-in"
    assert kinds(ana) == ["locked"]
    for _ in range(5):
        people.attempt("ana", Client(people.app), "a wrong password", "000000")
    assert people.attempt("ana", Client(people.app)).status == 401, "which is locked by its own attempts"
    city.clock.now_ms += 15 * 60_000
    assert people.attempt("ana", Client(people.app)).status == 200


def test_who_knows_the_password_and_no_code_is_noticed(people: People) -> None:
    ana = people.logged_in("ana")
    assert people.attempt("ana", Client(people.app, "198.51.100.9"), code="000000").status == 401
    (notice,) = ana.get("/account/notices").json["notices"]
    assert (notice["kind"], notice["origin"], notice["seen"]) == ("code-refused", "198.51.100.9", False)
