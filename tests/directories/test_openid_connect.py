"""Answers of a directory: only a token of this log-in, for this client, by the issuer that is configured, counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from pydantic import ValidationError

from pipeline.directories.openid_connect import OpenIdDirectory
from pipeline.directories.settings import ServerSettings
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.errors import NotLoggedIn, StoreError
from tests.directories.directory import (
    CLIENT,
    KEY,
    OTHERS_KEY,
    SECRET,
    SUBJECT,
    Claims,
    Directory,
    running_directory,
    signed,
    symmetric,
    unsigned,
)

RETURN = "https://city.example/console/directory/return"


@pytest.fixture
def directory() -> Iterator[Directory]:
    with running_directory() as running:
        yield running


def log_in(directory: Directory, issuer: str | None = None) -> DirectoryIdentity:
    client = OpenIdDirectory(directory.settings, RETURN)
    begun = client.begin()
    return client.finish(begun, directory.authorize(begun.address)["code"], issuer)


def test_a_person_is_recognized_by_code_verifier_and_secret_of_the_client(directory: Directory) -> None:
    assert log_in(directory) == DirectoryIdentity(directory.issuer, SUBJECT)
    assert log_in(directory, directory.issuer).subject == SUBJECT
    assert directory.verified == [True, True]


def _by_secret_of_the_client(claims: Claims) -> str:
    return symmetric(claims, SECRET.encode())


def _by_published_key_as_secret(claims: Claims) -> str:
    return symmetric(claims, KEY.as_pem(private=False))


def _with(**changes: object) -> Callable[[Claims], str]:
    return lambda claims: signed({name: value for name, value in {**claims, **changes}.items() if value is not None})


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned, id="no signature"),
        pytest.param(lambda claims: signed(claims, OTHERS_KEY), id="key of another one"),
        pytest.param(_by_secret_of_the_client, id="symmetric, by the client's secret"),
        pytest.param(_by_published_key_as_secret, id="symmetric, by the published key"),
        pytest.param(_with(nonce="of another log-in"), id="other nonce"),
        pytest.param(_with(nonce=None), id="no nonce"),
        pytest.param(_with(iss="https://other.example"), id="other issuer"),
        pytest.param(_with(aud="other"), id="other client"),
        pytest.param(_with(aud=[CLIENT, "other"]), id="two clients, and to whom is not said"),
        pytest.param(_with(aud=[CLIENT, "other"], azp="other"), id="issued to the other of two clients"),
        pytest.param(_with(exp=1_700_000_000), id="expired"),
        pytest.param(_with(exp=None), id="without end"),
        pytest.param(_with(iat=int(time.time()) + 3600), id="of the future"),
        pytest.param(_with(sub=None), id="no person"),
        pytest.param(_with(sub=""), id="empty person"),
        pytest.param(_with(sub=7), id="person that is no text"),
        pytest.param(lambda claims: signed(claims)[:-8] + "AAAAAAAA", id="changed signature"),
        pytest.param(lambda _: "x", id="no token"),
    ],
)
def test_a_forged_or_foreign_token_is_refused(directory: Directory, token: Callable[[Claims], str]) -> None:
    directory.token = token
    with pytest.raises(NotLoggedIn) as refused:
        log_in(directory)
    assert SUBJECT not in str(refused.value)


def test_a_code_counts_once(directory: Directory) -> None:
    client = OpenIdDirectory(directory.settings, RETURN)
    begun = client.begin()
    code = directory.authorize(begun.address)["code"]
    client.finish(begun, code, None)
    with pytest.raises(NotLoggedIn, match="does not take the code"):
        client.finish(begun, code, None)


def test_a_token_of_another_log_in_is_refused(directory: Directory) -> None:
    client = OpenIdDirectory(directory.settings, RETURN)
    begun, other = client.begin(), client.begin()
    with pytest.raises(NotLoggedIn):
        client.finish(begun, directory.authorize(other.address)["code"], None)
    assert directory.verified == [False]  # the verifier is another one, too


def test_an_answer_that_names_another_issuer_is_refused(directory: Directory) -> None:
    with pytest.raises(NotLoggedIn, match="another issuer"):
        log_in(directory, "https://other.example")
    directory.metadata = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(NotLoggedIn, match="another issuer"):
        log_in(directory)
    assert log_in(directory, directory.issuer).subject == SUBJECT


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://other.example"}, {"token_endpoint": "file:///etc/passwd"}, {"jwks_uri": None}],
)
def test_a_directory_that_publishes_something_else_is_refused(
    directory: Directory, metadata: dict[str, object]
) -> None:
    directory.metadata = metadata
    with pytest.raises(StoreError):
        log_in(directory)


def test_new_keys_of_the_directory_are_fetched_and_old_ones_not_asked_for_again_and_again(directory: Directory) -> None:
    now = [time.time()]
    client = OpenIdDirectory(directory.settings, RETURN, lambda: now[0])

    def finish() -> None:
        begun = client.begin()
        client.finish(begun, directory.authorize(begun.address)["code"], None)

    finish()
    finish()
    assert directory.asked.count("/keys") == 1
    directory.token, directory.keys = lambda claims: signed(claims, OTHERS_KEY), [OTHERS_KEY]
    with pytest.raises(NotLoggedIn):
        finish()
    assert directory.asked.count("/keys") == 1
    now[0] += 61
    finish()
    assert directory.asked.count("/keys") == 2


def test_a_directory_that_is_away_is_named(directory: Directory) -> None:
    settings = directory.settings.model_copy(update={"issuer": "http://127.0.0.1:9"})
    with pytest.raises(StoreError, match="directory guarda: does not answer"):
        OpenIdDirectory(settings, RETURN).begin()


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://city.example"},
        {"url": None},
        {"url": "https://user:word@city.example"},
        {"issuer": "http://id.city.example"},
        {"issuer": "https://id.city.example?x=1"},
    ],
)
def test_settings_that_would_send_a_code_in_clear_are_refused(directory: Directory, changes: dict[str, str]) -> None:
    one = directory.settings.model_dump() | ({"issuer": changes["issuer"]} if "issuer" in changes else {})
    with pytest.raises(ValidationError):
        ServerSettings.model_validate({"url": changes.get("url", "https://city.example"), "directories": [one]})
