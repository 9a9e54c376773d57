"""Personal tokens: scope, expiry, withdrawal, end with the account."""

from __future__ import annotations

import pytest

from tests.app.people.installations import Office
from tests.http_api.persons import People

DAY_MS = 86_400_000


def test_a_token_acts_for_its_person_and_is_shown_once(people: People) -> None:
    ana = people.logged_in("ana")
    program = people.token(ana, "report")
    assert program.get("/account").json["login"] == "ana"
    (listed,) = ana.get("/tokens").json["tokens"]
    assert (listed["operations"], listed["counts"]) == (["report"], True)
    assert program.bearer.removeprefix("viapublica_") not in ana.get("/tokens").body.decode()
    assert program.bearer.encode() not in (people.city.folder / "register.db").read_bytes()
    assert [one["details"]["action"] for one in people.city.audit()][-1] == "token-create"


def test_a_token_reaches_neither_sessions_nor_tokens(people: People) -> None:
    program = people.token(people.logged_in("ana"), "report")
    replies = [
        program.get("/session"),
        program.get("/tokens"),
        program.post("/tokens", {"name": "outra", "operations": ["report"], "days": 1}),
        program.request("DELETE", "/tokens/1"),
        program.request("DELETE", "/session"),
    ]
    assert [one.status for one in replies] == [403] * 5


def test_an_expired_a_withdrawn_and_a_suspended_persons_token_are_refused(people: People, city: Office) -> None:
    ana, bia = people.logged_in("ana"), people.logged_in("bia")
    short, long, hers = people.token(ana, "report", days=1), people.token(ana, "report"), people.token(bia, "report")
    assert bia.request("DELETE", "/tokens/2").status == 404, "another person's"
    assert ana.request("DELETE", "/tokens/2").status == 204
    assert ana.request("DELETE", "/tokens/2").status == 404
    assert "withdrawn" in long.get("/account").json["detail"]
    with city.opened("ana") as opened:
        opened.registry.suspend("bia", "apuração 12/2026", "ana")
    assert hers.get("/account").status == 401
    city.clock.now_ms += DAY_MS
    assert "has expired" in short.get("/account").json["detail"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"operations": ["account-registration"]}, 409),
        ({"operations": ["permission"]}, 409),
        ({"operations": []}, 422),
        ({"operations": ["everything"]}, 422),
        ({"days": 91}, 422),
        ({"days": 0}, 422),
        ({"name": "umbandista"}, 403),
        ({"login": "bia"}, 422),
        ({"expires_ms": 9_999_999_999_999}, 422),
    ],
)
def test_a_token_is_for_reading_and_for_a_time(people: People, change: dict[str, object], status: int) -> None:
    body = {"name": "planilha", "operations": ["report"], "days": 30} | change
    assert people.logged_in("ana").post("/tokens", body).status == status


def test_an_account_has_ten_tokens(people: People) -> None:
    ana = people.logged_in("ana")
    body = {"name": "planilha", "operations": ["report"], "days": 1}
    assert [ana.post("/tokens", body).status for _ in range(11)] == [201] * 10 + [409]


def test_the_requests_of_an_account_are_limited(people: People) -> None:
    ana = people.logged_in("ana")
    program = people.token(ana, "report")
    statuses = [program.get("/account").status for _ in range(121)]
    assert statuses[:100] == [200] * 100
    assert statuses[-1] == 429
    assert ana.get("/account").status == 429, "token and session are one account"
    people.city.clock.now_ms += 60_000
    assert program.get("/account").status == 200
