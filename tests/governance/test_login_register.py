"""Accounts: invitation, activation, log-in with two factors, sessions and their limits, idle accounts."""

from __future__ import annotations

import sqlite3
import unicodedata
from base64 import b32decode
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from pipeline.domain.people import AccountStatus
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance import login_secrets
from pipeline.governance.account_locks import LOCK_MS, MOST_FAILURES
from pipeline.governance.login_secrets import totp_code
from pipeline.governance.login_sessions import IDLE_SESSION_MS, LONGEST_SESSION_MS, MOST_SESSIONS
from pipeline.governance.registry import Registry
from pipeline.governance.totp_encryption import KEY_NAME, TotpEncryption
from tests.governance.entries import StoppedClock
from tests.governance.people import DAY_MS, PASSWORD, Changes, activated, person


def _sign_in(registry: Registry, clock: StoppedClock, secret: str, password: str = PASSWORD) -> str:
    clock.now_ms += 30_000
    return registry.sign_in("ana", password, totp_code(secret, clock.now_ms), "127.0.0.1").token


def test_the_database_holds_no_secret_of_codes_in_clear(registry: Registry, clock: StoppedClock) -> None:
    secret = activated(registry, clock, "ana")
    folder = registry.folder
    everything = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not any(secret.encode() in content or b32decode(secret) in content for content in everything)
    key = folder / KEY_NAME
    assert key.stat().st_mode & 0o777 == 0o600
    key.rename(folder / "elsewhere")
    with pytest.raises(RegistryError, match=r"cannot be read.*no code can be checked"):
        _sign_in(registry, clock, secret)
    (folder / "elsewhere").rename(key)
    assert _sign_in(registry, clock, secret)
    with pytest.raises(RegistryError, match="not the one that the secrets were encrypted with"):
        TotpEncryption(folder).decrypted(TotpEncryption(folder).encrypted(secret, "ana"), "bia")


def test_a_code_counts_once(registry: Registry, clock: StoppedClock) -> None:
    secret = activated(registry, clock, "ana")
    code = totp_code(secret, clock.now_ms)
    assert registry.sign_in("ana", PASSWORD, code, "127.0.0.1").ended_sessions == 0
    with pytest.raises(PolicyError, match="log-in: is refused"):
        registry.sign_in("ana", PASSWORD, code, "127.0.0.1")
    clock.now_ms -= 30_000
    with pytest.raises(PolicyError, match="log-in: is refused"):
        registry.sign_in("ana", PASSWORD, totp_code(secret, clock.now_ms), "127.0.0.1")


def test_refusals_do_not_say_what_is_wrong(registry: Registry, clock: StoppedClock, changes: Changes) -> None:
    secret = activated(registry, clock, "ana")
    code = totp_code(secret, clock.now_ms)
    texts = set()
    for login, password, given in (
        ("ana", "another long password", code),
        ("ana", PASSWORD, "000000"),
        ("nao.existe", PASSWORD, code),
        ("não existe", PASSWORD, code),
        ("ana", PASSWORD, "código"),
    ):
        with pytest.raises(PolicyError) as caught:
            registry.sign_in(login, password, given, "127.0.0.1")
        texts.add(str(caught.value))
    assert len(texts) == 1
    assert changes.actions[-5:] == ["sign-in-refused"] * 5


def test_a_password_is_the_same_from_every_keyboard(registry: Registry, clock: StoppedClock) -> None:
    invitation = registry.invite("ana", "root")
    secret, _ = registry.prepare_activation("ana", invitation)
    composed = "quatro pássaros verdes à tarde"
    registry.activate("ana", invitation, composed, secret, totp_code(secret, clock.now_ms))
    decomposed = unicodedata.normalize("NFD", composed)
    assert decomposed != composed
    assert _sign_in(registry, clock, secret, decomposed)


def test_a_password_is_hashed_anew_when_the_parameters_have_changed(
    registry: Registry, path: Path, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_secrets, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    secret = activated(registry, clock, "ana")
    monkeypatch.setattr(login_secrets, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=16, parallelism=1))
    for _ in range(2):
        clock.now_ms += 30_000
        assert _sign_in(registry, clock, secret)
        with sqlite3.connect(path) as connection:
            ((stored,),) = connection.execute("SELECT password_hash FROM accounts WHERE login = 'ana'").fetchall()
        connection.close()
        assert "m=16," in stored


def test_after_five_wrong_attempts_an_account_takes_none_for_a_while(registry: Registry, clock: StoppedClock) -> None:
    secret = activated(registry, clock, "ana")
    for _ in range(MOST_FAILURES):
        with pytest.raises(PolicyError):
            registry.sign_in("ana", "another long password", "000000", "127.0.0.1")
    with pytest.raises(PolicyError):
        _sign_in(registry, clock, secret)
    clock.now_ms += LOCK_MS
    assert _sign_in(registry, clock, secret)


def test_one_session_too_many_ends_the_oldest_with_an_alert(
    registry: Registry, clock: StoppedClock, changes: Changes
) -> None:
    secret = activated(registry, clock, "ana")
    tokens = [_sign_in(registry, clock, secret) for _ in range(MOST_SESSIONS)]
    clock.now_ms += 30_000
    signed_in = registry.sign_in("ana", PASSWORD, totp_code(secret, clock.now_ms), "10.0.0.7")
    assert signed_in.ended_sessions == 1
    assert changes.seen[-1].facts == {"ended_sessions": 1, "factor": "code"}
    with pytest.raises(PolicyError, match="has ended"):
        registry.session_person(tokens[0])
    for token in (*tokens[1:], signed_in.token):
        assert registry.session_person(token).login == "ana"


def test_sessions_end_when_idle_when_old_and_when_the_clock_is_set_back(
    registry: Registry, clock: StoppedClock
) -> None:
    secret = activated(registry, clock, "ana")
    token = _sign_in(registry, clock, secret)
    begin_ms = clock.now_ms
    while clock.now_ms + IDLE_SESSION_MS // 2 < begin_ms + LONGEST_SESSION_MS:
        clock.now_ms += IDLE_SESSION_MS // 2
        registry.session_person(token)
    clock.now_ms = begin_ms + LONGEST_SESSION_MS
    with pytest.raises(PolicyError, match="has ended"):
        registry.session_person(token)
    token = _sign_in(registry, clock, secret)
    clock.now_ms -= 60_000
    with pytest.raises(PolicyError, match="has ended"):
        registry.session_person(token)
    clock.now_ms += 60_000 + IDLE_SESSION_MS
    with pytest.raises(PolicyError, match="has ended"):
        registry.session_person(token)


def test_secrets_are_stored_as_hashes(registry: Registry, clock: StoppedClock, path: Path) -> None:
    invitation = registry.invite("ana", "root")
    secret, address = registry.prepare_activation("ana", invitation)
    assert address.startswith("otpauth://totp/viapublica:ana?secret=")
    registry.activate("ana", invitation, PASSWORD, secret, totp_code(secret, clock.now_ms))
    token = _sign_in(registry, clock, secret)
    stored = path.read_bytes()
    for text in (invitation, PASSWORD, token):
        assert text.encode() not in stored
    with sqlite3.connect(path) as connection:
        hashed = connection.execute("SELECT password_hash FROM accounts").fetchone()[0]
    connection.close()
    assert hashed.startswith("$argon2id$")


def test_an_invitation_is_used_once_and_expires(registry: Registry, clock: StoppedClock) -> None:
    first = registry.invite("ana", "root")
    second = registry.invite("ana", "root")
    with pytest.raises(PolicyError, match="wrong, used or expired"):
        registry.prepare_activation("ana", first)
    secret, _ = registry.prepare_activation("ana", second)
    with pytest.raises(PolicyError, match="one-time code: is wrong"):
        registry.activate("ana", second, PASSWORD, secret, "000000")
    for password in ("curta", "viapublica123", "senha-senha-senha", "aaaaaaaaaaaaaaa"):
        with pytest.raises(RegistryError, match="password"):
            registry.activate("ana", second, password, secret, totp_code(secret, clock.now_ms))
    registry.activate("ana", second, PASSWORD, secret, totp_code(secret, clock.now_ms))
    with pytest.raises(PolicyError, match="wrong, used or expired"):
        registry.activate("ana", second, PASSWORD, secret, totp_code(secret, clock.now_ms))
    third = registry.invite("ana", "root")
    clock.now_ms += 3 * DAY_MS
    with pytest.raises(PolicyError, match="wrong, used or expired"):
        registry.prepare_activation("ana", third)


def test_a_lost_second_factor_needs_another_person_and_ends_all_sessions(
    registry: Registry, clock: StoppedClock
) -> None:
    token = _sign_in(registry, clock, activated(registry, clock, "ana"))
    registry.invite("ana", "bia")
    with pytest.raises(PolicyError, match="has ended"):
        registry.session_person(token)
    assert registry.person("ana").status is AccountStatus.INVITED


def test_suspension_ends_sessions_and_refuses_log_ins(registry: Registry, clock: StoppedClock) -> None:
    secret = activated(registry, clock, "ana")
    token = _sign_in(registry, clock, secret)
    registry.suspend("ana", "apuração 12/2026", "root")
    with pytest.raises(PolicyError, match="has ended"):
        registry.session_person(token)
    with pytest.raises(PolicyError, match="the account is suspended"):
        _sign_in(registry, clock, secret)


def test_an_account_that_is_idle_for_90_days_closes_and_so_does_one_of_an_ended_contract(
    registry: Registry, clock: StoppedClock, changes: Changes
) -> None:
    registry.register([person(clock, "bia", contract_until_ms=clock.now_ms + 10 * DAY_MS)], "root")
    secret = activated(registry, clock, "ana")
    activated(registry, clock, "bia")
    clock.now_ms += 10 * DAY_MS
    _sign_in(registry, clock, secret)
    assert registry.close_idle() == ("bia",)
    assert registry.person("bia").status_reason == "contract"
    clock.now_ms += 90 * DAY_MS - 1
    assert registry.close_idle() == ()
    clock.now_ms += 1
    with pytest.raises(PolicyError, match="not used for 90 days"):
        registry.sign_in("ana", PASSWORD, totp_code(secret, clock.now_ms), "127.0.0.1")
    assert registry.close_idle() == ("ana",)
    assert registry.person("ana").status_reason == "idle"
    assert changes.actions[-1] == "close"
    assert registry.close_idle() == ()


def test_a_code_of_the_systems_user_counts_for_a_quarter_of_an_hour(registry: Registry, clock: StoppedClock) -> None:
    registry.register([person(clock, "bia", system_user="bia")], "root")
    secret = activated(registry, clock, "bia")
    assert registry.of_system_user("bia")[1] is False
    with pytest.raises(PolicyError, match="has no account"):
        registry.confirm("root", totp_code(secret, clock.now_ms))
    with pytest.raises(PolicyError, match="wrong"):
        registry.confirm("bia", "123")
    code = totp_code(secret, clock.now_ms)
    assert registry.confirm("bia", code).login == "bia"
    assert registry.of_system_user("bia")[1] is True
    with pytest.raises(PolicyError, match="used before"):
        registry.confirm("bia", code)
    clock.now_ms += 15 * 60_000
    assert registry.of_system_user("bia")[1] is False
