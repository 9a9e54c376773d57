"""Passkeys as a second factor: registered by their owners, and attacked as outsiders and other people would."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.app.people.passkeys import Passkeys
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.governance.people import PASSWORD
from tests.http_api.client import Client, Reply
from tests.http_api.persons import People
from tests.passkeys.device import URL, Device


@pytest.fixture(autouse=True)
def _with_a_name(service: Service) -> None:
    object.__setattr__(service, "passkeys", Passkeys(URL, service.registry.clock))


def added(people: People, client: Client, device: Device, login: str = "ana", **given: Any) -> Reply:
    options = client.post("/account/passkeys/options").json["options"]
    body = {"name": "celular", "passkey": device.made(options), "password": PASSWORD, "code": people.code(login)}
    reply = client.post("/account/passkeys", body | given)
    if reply.status == 200:
        client.csrf = reply.json["csrf_token"]
    return reply


def asked(client: Client) -> dict[str, Any]:
    options: dict[str, Any] = client.post("/session/passkey").json["options"]
    return options


def attempt(client: Client, answer: str, login: str = "ana", password: str = PASSWORD) -> Reply:
    return client.post("/session", {"login": login, "password": password, "passkey": answer})


@pytest.fixture
def device(people: People) -> Device:
    made = Device()
    assert added(people, people.logged_in("ana"), made).status == 200
    return made


def used(device: Device, client: Client) -> str:
    device.count += 1
    return device.answer(asked(client))


def test_a_passkey_opens_a_session_with_the_password_and_is_recorded(
    people: People, client: Client, device: Device, city: Office
) -> None:
    options = asked(client)
    assert options["userVerification"] == "required"
    assert "allowCredentials" not in options or options["allowCredentials"] == [], "no account can be asked about"
    assert attempt(client, used(device, client)).status == 200
    assert city.audit()[-1]["details"] | {"factor": "passkey", "action": "sign-in"} == city.audit()[-1]["details"]
    (entry,) = client.get("/account/passkeys").json["passkeys"]
    assert entry["name"] == "celular"
    assert entry["last_used"]
    assert [one["kind"] for one in client.get("/account/notices").json["notices"]] == ["passkey-added"]


def _no_password(people: People, client: Client, device: Device) -> Reply:
    return attempt(client, used(device, client), password="another long password")


def _other_account(people: People, client: Client, device: Device) -> Reply:
    return attempt(client, used(device, client), login="bia")


def _other_origin(people: People, client: Client, device: Device) -> Reply:
    device.origin = "https://city.example.evil.test"
    return attempt(client, used(device, client))


def _subdomain(people: People, client: Client, device: Device) -> Reply:
    device.origin = "https://other.city.example"
    return attempt(client, used(device, client))


def _plain(people: People, client: Client, device: Device) -> Reply:
    device.origin = "http://city.example"
    return attempt(client, used(device, client))


def _locked_device(people: People, client: Client, device: Device) -> Reply:
    device.verified = False
    return attempt(client, used(device, client))


def _replayed(people: People, client: Client, device: Device) -> Reply:
    answer = used(device, client)
    assert attempt(client, answer).status == 200
    stranger = Client(people.app, "198.51.100.1")
    asked(stranger)
    return attempt(stranger, answer)


def _twice(people: People, client: Client, device: Device) -> Reply:
    answer = used(device, client)
    assert attempt(client, answer, password="another long password").status == 401
    return attempt(client, answer)


def _other_browser(people: People, client: Client, device: Device) -> Reply:
    return attempt(Client(people.app), used(device, client))


def _too_late(people: People, client: Client, device: Device) -> Reply:
    answer = used(device, client)
    people.city.clock.now_ms += 5 * 60_000 + 1
    return attempt(client, answer)


def _cloned(people: People, client: Client, device: Device) -> Reply:
    device.count = 5
    assert attempt(client, used(device, client)).status == 200
    device.count = 2
    return attempt(Client(people.app, cookies=dict(client.cookies)), used(device, client))


def _other_key(people: People, client: Client, device: Device) -> Reply:
    return attempt(client, used(Device(credential=device.credential, count=9), client))


def _unknown(people: People, client: Client, device: Device) -> Reply:
    return attempt(client, used(Device(credential=b"another one"), client))


def _registration(people: People, client: Client, device: Device) -> Reply:
    return attempt(client, device.made(asked(client)))


ATTACKS = [
    _no_password, _other_account, _other_origin, _subdomain, _plain, _locked_device, _replayed, _twice, _other_browser,
    _too_late, _cloned, _other_key, _unknown, _registration,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_answer_that_is_not_its_owners_to_this_challenge_opens_nothing(
    attack: Callable[[People, Client, Device], Reply], people: People, client: Client, device: Device
) -> None:
    reply = attack(people, client, device)
    assert reply.status == 401
    assert "set-cookie" not in reply.headers
    people.city.clock.now_ms += 60_000
    device.origin, device.verified, device.count = URL, True, 20
    honest = Client(people.app, "192.0.2.99")
    assert attempt(honest, used(device, honest)).status == 200


@pytest.mark.parametrize("answer", ["{}", "[]", "[" * 16_000, '{"id": 1}', "null", '"' + "x" * 99, "\x00"])
def test_what_is_no_answer_is_refused(client: Client, device: Device, answer: str) -> None:
    asked(client)
    assert attempt(client, answer).status == 401


def test_a_login_by_both_or_none_of_the_second_factors_is_refused(client: Client) -> None:
    for more in ({}, {"code": "", "passkey": ""}, {"code": "123456", "passkey": "{}"}):
        assert client.post("/session", {"login": "ana", "password": PASSWORD} | more).status == 422


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"password": "another long password"}, 403),
        ({"code": "000000"}, 403),
        ({"name": "celular do umbandista"}, 403),
        ({"passkey": "{}"}, 409),
    ],
)
def test_a_passkey_is_added_by_its_owner_with_both_factors_only(
    people: People, given: dict[str, str], status: int
) -> None:
    ana = people.logged_in("ana")
    assert added(people, ana, Device(), **given).status == status
    assert ana.get("/account/passkeys").json["passkeys"] == []


def test_registrations_that_are_not_of_this_session_and_address_make_no_passkey(people: People) -> None:
    ana, bia = people.logged_in("ana"), people.logged_in("bia")
    for lying in (Device(origin="https://evil.example"), Device(verified=False)):
        assert added(people, ana, lying).status == 409
    options = bia.post("/account/passkeys/options").json["options"]
    foreign = Device().made(options)
    assert added(people, ana, Device(), passkey=foreign).status == 409
    taken = Device()
    assert added(people, ana, taken).status == 200
    assert added(people, bia, taken, "bia").status == 409, "a passkey is one account's"
    program = people.token(ana, "report")
    assert program.post("/account/passkeys/options").status == 403
    for number in range(4):
        assert added(people, ana, Device(credential=str(number).encode())).status == 200
    assert added(people, ana, Device(credential=b"sixth")).status == 409


def test_a_removed_passkey_and_those_of_an_invited_account_open_nothing(people: People, city: Office) -> None:
    ana, device = people.logged_in("ana"), Device()
    added(people, ana, device)
    (entry,) = ana.get("/account/passkeys").json["passkeys"]
    body = {"passkey_id": entry["passkey_id"], "password": PASSWORD}
    assert ana.post("/account/passkeys/remove", body | {"code": "000000"}).status == 403
    bia = people.logged_in("bia")
    assert bia.post("/account/passkeys/remove", body | {"code": people.code("bia")}).status == 409
    reply = ana.post("/account/passkeys/remove", body | {"code": people.code("ana")})
    assert reply.status == 200
    ana.csrf = reply.json["csrf_token"]
    client = Client(people.app, "192.0.2.50")
    assert attempt(client, used(device, client)).status == 401
    assert added(people, ana, device).status == 200
    with city.opened("root") as opened:
        opened.registry.invite("ana", "root")
        assert opened.registry.passkeys("ana") == ()


@pytest.mark.parametrize("url", [None, "https://192.0.2.1", "http://127.0.0.1:8480"])
def test_without_a_host_name_there_are_no_passkeys(service: Service, client: Client, url: str | None) -> None:
    object.__setattr__(service, "passkeys", Passkeys(url, service.registry.clock))
    reply = client.post("/session/passkey")
    assert reply.status == 409
    assert "host name" in reply.json["detail"]
    assert attempt(client, json.dumps({})).status == 409
    described = client.get("/openapi.json").json["paths"]["/session"]["post"]["responses"]
    assert "409" in described
