"""A directory reports that a person logged out, or was blocked there: their sessions end, and no others."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pipeline.domain.role import Role
from pipeline.http_api.service import Service
from tests.console.staffed_city import PEOPLE
from tests.console.test_directory_log_in import LOGIN, connect, directory, use
from tests.console.visitors import Visitor, Visitors, text_of
from tests.directories.directory import CLIENT, OTHERS_KEY, SUBJECT, Directory, signed

__all__ = ["directory"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def claims(directory: Directory, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    wanted = {"iss": directory.issuer, "aud": CLIENT, "sub": SUBJECT, "jti": "1", "events": {EVENT: {}}}
    found = {**wanted, "iat": now, "exp": now + 120, **changes}
    return {name: value for name, value in found.items() if value is not None}


def token(directory: Directory, **changes: Any) -> str:
    return signed(claims(directory, **changes), typ="logout+jwt")


def reported(visitors: Visitors, encoded: str, name: str = "guarda") -> int:
    return visitors.stranger().send(f"/console/directory/logout/{name}", logout_token=encoded).status


def is_open(visitor: Visitor) -> bool:
    return visitor.open("/console/account").status == 200


def test_the_sessions_of_the_person_end_and_no_others(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    connect(service, directory)
    person, colleague = visitors.logged_in(LOGIN), visitors.logged_in(PEOPLE[Role.OPERATOR])
    assert reported(visitors, token(directory)) == 200
    assert (is_open(person), is_open(colleague)) == (False, True)
    assert visitors.city.audit()[-1]["details"]["action"] == "directory-sign-out"
    person = visitors.logged_in(LOGIN)
    assert reported(visitors, token(directory)) == 400, "a token counts once"
    assert is_open(person)
    assert reported(visitors, token(directory, jti="2", sub="unknown")) == 200
    use(service, directory, institution="ceic")
    assert reported(visitors, token(directory, jti="3")) == 200
    assert is_open(person), "another institution's directory"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "another"},
        {"nonce": "n"},
        {"events": None},
        {"events": {"another": {}}},
        {"events": [EVENT]},
        {"jti": None},
        {"sub": None},
        {"sub": 7},
        {"iat": int(time.time()) - 600},
        {"iat": "now"},
        {"exp": int(time.time()) - 600},
        {"exp": None},
    ],
)
def test_a_token_that_is_no_log_out_of_this_directory_ends_nothing(
    visitors: Visitors, service: Service, directory: Directory, changes: dict[str, Any]
) -> None:
    connect(service, directory)
    person = visitors.logged_in(LOGIN)
    assert reported(visitors, token(directory, **changes)) == 400
    assert is_open(person)


def test_other_keys_types_and_texts_are_refused_and_soon_not_even_tried(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    connect(service, directory)
    person = visitors.logged_in(LOGIN)
    right = claims(directory)
    for encoded in (signed(right), signed(right, OTHERS_KEY, typ="logout+jwt"), "", "a.b.c"):
        assert reported(visitors, encoded) == 400
    assert reported(visitors, token(directory), "other") == 400
    assert [reported(visitors, "") for _ in range(30)][-1] == 429
    assert text_of(person.open("/console/account"))
    visitors.city.clock.now_ms += 61_000
    assert is_open(person)
