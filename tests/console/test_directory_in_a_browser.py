"""Log-in by a directory in Chromium: it is another site, whose way back brings no cookie of the session."""

from __future__ import annotations

import shutil

import pytest
from fastapi import FastAPI
from playwright.sync_api import expect

from pipeline.app.people.directory_log_in import DirectoryLogIns
from pipeline.directories.settings import ServerSettings
from pipeline.domain.clock import SystemClock
from pipeline.domain.directory_identity import DirectoryIdentity
from pipeline.http_api.request_guard import DIRECTORY_RETURN
from pipeline.http_api.service import Service
from tests.console.browser import chromium, violations
from tests.console.running import running
from tests.console.test_directory_log_in import LOGIN
from tests.console.visitors import Visitors
from tests.directories.directory import SUBJECT, Directory

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: make system")
expect.set_options(timeout=30_000)  # a busy machine


@pytest.mark.soak
@pytest.mark.timeout(0)  # seconds of an idle processor, longer on a busy one
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the provider
def test_a_person_goes_to_the_directory_and_comes_back(app: FastAPI, service: Service, visitors: Visitors) -> None:
    from oidc_provider_mock import run_server_in_thread  # here: it imports what is deprecated

    with run_server_in_thread(require_nonce=True) as server, running(app) as address, chromium() as browser:
        issuer = f"http://localhost:{server.server_port}"  # another site than 127.0.0.1
        directory = Directory().settings.model_copy(update={"issuer": issuer})
        settings = ServerSettings(url=address, directories=(directory,))
        object.__setattr__(service, "directories", DirectoryLogIns(settings, SystemClock(), DIRECTORY_RETURN))
        service.registry.registry.connect_directory(LOGIN, DirectoryIdentity(issuer, SUBJECT), "root")
        page = browser.new_context(base_url=address).new_page()
        page.goto("/console/login")
        page.get_by_role("link", name="Entrar com Guarda Municipal").click()
        page.locator("input[name=sub]").fill(SUBJECT)
        page.locator("input[name=sub]").press("Enter")
        page.wait_for_url("**/console/directory/code")
        assert violations(page) == []
        page.locator("#code").fill(visitors.code(LOGIN))
        page.locator("#code").press("Enter")
        page.wait_for_url("**/console/situation")
        session, own = (
            {one["name"]: one for one in page.context.cookies()}.get(f"viapublica-{name}")
            for name in ("session", "directory")
        )
        assert session is not None
        assert session["sameSite"] == "Strict"
        assert own is None
        page.get_by_role("button", name="Sair").click()
        expect(page.get_by_role("link", name="Sair do órgão")).to_be_visible()
