"""Log-in by an institution's directory: for registered people alone, with their one-time code, and once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from pipeline.app.people.directory_log_in import DirectoryLogIns
from pipeline.directories.settings import ServerSettings
from pipeline.domain.clock import SystemClock
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.domain.role import Role
from pipeline.errors import PolicyError, RegistryError
from pipeline.http_api.request_guard import DIRECTORY_RETURN
from pipeline.http_api.service import Service
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitor, Visitors, text_of
from tests.directories.directory import SUBJECT, Directory, running_directory, signed
from tests.governance.people import PASSWORD
from tests.http_api.client import Reply

LOGIN = PEOPLE[Role.INTELLIGENCE_ANALYST]
URL = "https://city.example"


def connect(service: Service, directory: Directory, login: str = LOGIN) -> None:
    identity = DirectoryIdentity(directory.issuer, SUBJECT)
    service.registry.registry.connect_directory(login, identity, "root")


def use(service: Service, directory: Directory, **changes: Any) -> None:
    settings = ServerSettings(url=URL, directories=(directory.settings.model_copy(update=changes),))
    object.__setattr__(service, "directories", DirectoryLogIns(settings, SystemClock(), DIRECTORY_RETURN))


@pytest.fixture
def directory(service: Service) -> Iterator[Directory]:
    with running_directory() as running:
        use(service, running)
        yield running


def sent_away(visitor: Visitor) -> str:
    reply = visitor.open("/console/directory/to/guarda")
    assert reply.status == 303, text_of(reply)
    assert "samesite=lax" in reply.headers["set-cookie"].lower()
    return reply.headers["location"]


def back(visitor: Visitor, answer: dict[str, str]) -> Reply:
    return visitor.open(f"{DIRECTORY_RETURN}?{urlencode(answer)}")


def recognized(visitor: Visitor, directory: Directory) -> None:
    reply = back(visitor, directory.authorize(sent_away(visitor)))
    assert (reply.status, reply.headers["location"]) == (303, "/console/directory/code")


def test_a_registered_person_logs_in_with_their_code_and_out_of_both(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    connect(service, directory)
    stranger = visitors.stranger()
    assert "Entrar com Guarda Municipal" in text_of(stranger.open("/console/login"))
    recognized(stranger, directory)
    assert stranger.open("/console/plates").status == 401  # one factor is no session
    assert "aplicativo autenticador" in text_of(stranger.open("/console/directory/code"))
    reply = stranger.send("/console/directory/code", code=visitors.code(LOGIN))
    assert (reply.status, reply.headers["location"]) == (303, "/console/")
    assert stranger.open("/console/plates").status == 200
    assert visitors.city.audit()[-1]["details"]["action"] == "sign-in"
    # What was used is of no use any more.
    assert stranger.send("/console/directory/code", code=visitors.code(LOGIN)).status == 401
    left = text_of(stranger.send("/console/logout"))
    assert (
        f"{directory.issuer}/end?client_id=viapublica&amp;post_logout_redirect_uri=https%3A%2F%2Fcity.example" in left
    )


def test_who_is_not_registered_gets_no_account_whatever_the_token_says(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    directory.token = lambda claims: signed(
        {**claims, "email": LOGIN, "preferred_username": LOGIN, "roles": ["general-administrator"]}
    )
    stranger = visitors.stranger()
    recognized(stranger, directory)
    reply = stranger.send("/console/directory/code", code=visitors.code(LOGIN))
    assert reply.status == 401
    assert "nenhuma conta" in text_of(reply)
    connect(service, directory)
    reply = stranger.send("/console/directory/code", code=visitors.code(LOGIN))
    assert reply.status == 303
    assert stranger.open("/console/people").status == 403  # the role that the token names is none


def test_the_code_counts_for_the_account_and_locks_it(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    connect(service, directory)
    stranger = visitors.stranger()
    recognized(stranger, directory)
    for _ in range(5):
        assert "não confere" in text_of(stranger.send("/console/directory/code", code="000000"))
    visitors.city.clock.now_ms += 60_000  # of the limit for this address
    assert stranger.send("/console/directory/code", code=visitors.code(LOGIN)).status == 401
    visitors.city.clock.now_ms += 15 * 60_000
    assert stranger.send("/console/directory/code", code=visitors.code(LOGIN)).status == 303


def test_a_directory_speaks_for_no_other_institutions_people(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    connect(service, directory)
    use(service, directory, institution="ceic")
    stranger = visitors.stranger()
    recognized(stranger, directory)
    assert stranger.send("/console/directory/code", code=visitors.code(LOGIN)).status == 401


def test_a_suspended_person_does_not_get_in_and_one_who_left_is_not_connected_any_more(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    connect(service, directory)
    registry = service.registry.registry
    registry.suspend(LOGIN, "sindicância 12/2026", "root")
    stranger = visitors.stranger()
    recognized(stranger, directory)
    assert stranger.send("/console/directory/code", code=visitors.code(LOGIN)).status == 401
    registry.leave(LOGIN, "root")
    assert registry.directory_identity(LOGIN) is None


def test_an_answer_counts_once_and_in_the_browser_that_was_sent_away(
    visitors: Visitors, service: Service, directory: Directory
) -> None:
    connect(service, directory)
    victim, attacker = visitors.stranger(), visitors.stranger()
    answer = directory.authorize(sent_away(victim))
    for reply in (
        back(attacker, answer),  # stolen, without the cookie
        back(victim, answer | {"state": "other"}),
        back(victim, answer),  # used up by the attempt before
    ):
        assert reply.status == 401
        assert "não começou neste navegador" in text_of(reply)
    visitors.city.clock.now_ms += 60_000  # of the limit for this address
    # An attacker's answer, laid under a person who began a log-in of their own.
    laid = directory.authorize(sent_away(attacker))
    sent_away(victim)
    assert back(victim, laid).status == 401
    assert victim.send("/console/directory/code", code=visitors.code(LOGIN)).status == 401
    # And the same answer twice.
    recognized(victim, directory)
    answer = directory.authorize(sent_away(victim))
    assert back(victim, answer).status == 303
    assert back(victim, answer).status == 401


def test_a_refusal_of_the_directory_and_a_parameter_that_stands_twice_are_no_log_in(
    visitors: Visitors, directory: Directory
) -> None:
    stranger = visitors.stranger()
    state = directory.authorize(sent_away(stranger))["state"]
    assert "não confirmou" in text_of(back(stranger, {"error": "access_denied", "state": state}))
    answer = directory.authorize(sent_away(stranger))
    reply = stranger.open(f"{DIRECTORY_RETURN}?{urlencode(answer)}&state={answer['state']}")
    assert reply.status == 401
    assert stranger.open("/console/directory/to/other").status == 401
    assert stranger.open("/console/login?x=1").status == 400  # no other address takes a query


def test_the_time_at_the_directory_is_limited(
    visitors: Visitors, service: Service, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, clock = visitors.stranger(), SystemClock()
    answer = directory.authorize(sent_away(stranger))
    later = clock.wall_ms() + 11 * 60_000
    monkeypatch.setattr(SystemClock, "wall_ms", lambda _: later)
    assert back(stranger, answer).status == 401


def test_a_directory_that_is_away_leaves_the_password(visitors: Visitors, service: Service) -> None:
    with running_directory() as gone:
        use(service, gone)
    reply = visitors.stranger().open("/console/directory/to/guarda")
    assert reply.status == 503
    assert 'name="password"' in text_of(reply)


def test_an_identity_is_of_one_person_and_no_one_connects_their_own(service: Service, directory: Directory) -> None:
    connect(service, directory)
    registry = service.registry.registry
    other = PEOPLE[Role.OPERATOR]
    with pytest.raises(RegistryError, match="is connected with"):
        connect(service, directory, other)
    identity = DirectoryIdentity(directory.issuer, "other")
    with pytest.raises(PolicyError):
        registry.connect_directory(LOGIN, identity, LOGIN)
    for wrong in (DirectoryIdentity("ftp://x", "1"), DirectoryIdentity(directory.issuer, "a b")):
        with pytest.raises(RegistryError):
            registry.connect_directory(other, wrong, "root")
    registry.connect_directory(LOGIN, identity, "root")  # replaces the earlier one
    connect(service, directory, other)
    registry.disconnect_directory(other, "root")
    with pytest.raises(RegistryError, match="no directory"):
        registry.disconnect_directory(other, "root")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider
def test_an_openid_provider_of_others_is_understood(visitors: Visitors, service: Service) -> None:
    from oidc_provider_mock import run_server_in_thread  # here: it imports what is deprecated

    with run_server_in_thread(require_nonce=True) as server:
        issuer = f"http://localhost:{server.server_port}"
        use(service, Directory(port=0), issuer=issuer)
        service.registry.registry.connect_directory(LOGIN, DirectoryIdentity(issuer, SUBJECT), "root")
        stranger = visitors.stranger()
        reply = requests.post(sent_away(stranger), {"sub": SUBJECT}, allow_redirects=False, timeout=10)
        assert reply.headers["location"].startswith(f"{URL}{DIRECTORY_RETURN}?")
        answer = dict(parse_qsl(urlsplit(reply.headers["location"]).query))
        assert back(stranger, answer).status == 303
        assert stranger.send("/console/directory/code", code=visitors.code(LOGIN)).status == 303
        assert stranger.open("/console/plates").status == 200


def test_without_a_directory_the_log_in_is_as_before(visitors: Visitors) -> None:
    stranger = visitors.stranger()
    assert "Entrar com" not in text_of(stranger.open("/console/login"))
    assert stranger.open("/console/directory/to/guarda").status == 401
    assert stranger.send("/console/login", login=LOGIN, password=PASSWORD, code=visitors.code(LOGIN)).status == 303
