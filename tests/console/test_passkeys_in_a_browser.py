"""A passkey in Chromium with a virtual device: registered, used in place of the code, and removed."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from pipeline.app.people.passkeys import Passkeys
from pipeline.domain.role import Role
from pipeline.http_api.service import Service
from tests.console.browser import chromium, violations
from tests.console.running import running
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitors
from tests.governance.people import PASSWORD

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: make system")
LOGIN = PEOPLE[Role.OPERATOR]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(app: FastAPI, service: Service) -> Iterator[Page]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    object.__setattr__(service, "passkeys", Passkeys(url, service.registry.clock))
    with running(app, port), chromium() as browser:
        page = browser.new_context(base_url=url).new_page()
        page.set_default_timeout(30_000)  # a busy machine
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        yield page


def test_a_passkey_is_registered_used_and_removed(page: Page, visitors: Visitors) -> None:
    page.goto("/console/login")
    page.fill("#login", LOGIN)
    page.fill("#password", PASSWORD)
    page.fill("#code", visitors.code(LOGIN))
    page.press("#code", "Enter")
    page.click("a.who")
    page.fill("#passkey-name", "Celular da central")
    page.fill("#passkey-password", PASSWORD)
    page.fill("#passkey-code", visitors.code(LOGIN))
    page.get_by_role("button", name="Cadastrar uma chave").click()
    expect(page.get_by_role("region", name="Tabela de chaves de acesso")).to_contain_text("Celular da central")
    assert violations(page) == []
    page.get_by_role("button", name="Sair", exact=True).click()
    page.goto("/console/login")
    page.fill("#login", LOGIN)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Entrar com chave de acesso").click()
    page.wait_for_url("**/console/situation")
    page.click("a.who")
    page.fill("#removal-password", PASSWORD)
    page.fill("#removal-code", "000000")
    page.get_by_role("button", name="Retirar esta").click()
    expect(page.locator("#notices")).to_contain_text("não confere")
    expect(page.locator("#notices .box")).to_be_in_viewport()
    page.fill("#removal-code", visitors.code(LOGIN))
    page.get_by_role("button", name="Retirar esta").click()
    expect(page.locator("#main")).to_contain_text("Uma chave de acesso foi retirada.")
    expect(page.get_by_role("region", name="Tabela de chaves de acesso")).to_have_count(0)
