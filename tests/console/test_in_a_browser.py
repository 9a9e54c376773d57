"""The console in Chromium: log-in, an incident by keyboard, a search, an expired session; axe-core finds nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pipeline.domain.role import Role
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.console.live_run import live_run
from tests.console.running import running
from tests.console.staffed_city import PEOPLE, SECOND_OPERATOR
from tests.console.visitors import Visitors
from tests.console.xss_payloads import PAYLOADS
from tests.governance.people import PASSWORD
from tests.http_api.served_city import GUARD

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: make system")
expect.set_options(timeout=30_000)  # a busy machine
LOOKS = [(language, theme) for language in ("pt-BR", "en") for theme in ("light", "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with running(app) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda message: failed.append(message.text) if "Security Policy" in message.text else None)
    yield page
    context.close()
    assert failed == []


def log_in(page: Page, visitors: Visitors, login: str) -> None:
    page.goto("/console/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.fill("#code", visitors.code(login))
    page.press("#code", "Enter")
    page.wait_for_selector("form.account")


def assert_accessible(page: Page, what: str) -> None:
    found = Axe().run(page).response["violations"]
    assert [(what, one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []


def choose(page: Page, field: str, value: str) -> None:
    button = page.locator(f'button[name="{field}"][value="{value}"]')
    if button.count():
        button.click()


def test_an_operator_acknowledges_and_closes_an_incident_by_keyboard(page: Page, visitors: Visitors) -> None:
    log_in(page, visitors, PEOPLE[Role.OPERATOR])
    expect(page.locator("#connection")).to_have_text("Ao vivo")
    page.locator(".incident").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_contain_text("contramão")
    page.keyboard.press("r")
    expect(page.locator("#inbox")).to_contain_text("reconhecido")
    page.locator('.incident[aria-current="true"]').focus()
    page.keyboard.press("f")
    page.keyboard.press("A")  # chooses "Alarme falso"
    page.locator("form:has(#reason) button").press("Enter")
    expect(page.locator("#incidents-title")).to_have_text("Incidentes abertos (1)")
    expect(page.locator("#detail")).to_contain_text("encerrado")


def test_a_step_of_another_person_appears_by_itself(
    page: Page, browser: Browser, address: str, visitors: Visitors
) -> None:
    log_in(page, visitors, PEOPLE[Role.OPERATOR])
    expect(page.locator("#connection")).to_have_text("Ao vivo")
    page.locator(".incident").first.click()
    page.locator("#office").fill("Base norte")
    context = browser.new_context(base_url=address)
    other = context.new_page()
    log_in(other, visitors, SECOND_OPERATOR)
    other.locator(".incident").first.click()
    other.locator("#comment").fill("Texto que não se perde")
    other.locator("button[data-key=r]").click()
    expect(page.locator("#inbox")).to_contain_text(f"com {SECOND_OPERATOR}")
    expect(other.locator("#comment")).to_have_value("Texto que não se perde")
    expect(page.locator("#detail")).to_contain_text(f"{SECOND_OPERATOR} reconheceu")
    expect(page.locator("#detail button[data-key=r]")).to_have_count(0)
    expect(page.locator("#office")).to_have_value("Base norte")
    page.locator("#reason").select_option("false")
    page.locator("form:has(#reason) button").click()
    expect(page.locator("#notices")).to_contain_text(f"Está com {SECOND_OPERATOR}")
    context.close()


def test_a_live_view_is_painted_and_a_camera_that_dies_is_shown_as_such(
    page: Page, visitors: Visitors, service: Service
) -> None:
    log_in(page, visitors, PEOPLE[Role.OPERATOR])
    page.goto(f"/console/situation/city-services/cameras/{GUARD[0]}")
    expect(page.locator("#live-problem")).to_be_visible()  # no run of the cameras answers
    with live_run(service, frames=100_000):
        page.reload()
        expect(page.locator(".tile")).to_have_attribute("data-state", "live")
    expect(page.locator("#live-problem")).to_contain_text("terminou")
    expect(page.locator(".tile")).to_have_attribute("data-state", "wait")


def test_a_session_that_expires_loses_nothing_that_was_typed(page: Page, visitors: Visitors, city: Office) -> None:
    log_in(page, visitors, PEOPLE[Role.INTELLIGENCE_ANALYST])
    page.click('nav a[href="/console/plates"]')
    page.select_option("#purpose", "criminal-investigation")
    page.fill("#case", "IP 12/2026")
    page.fill("#plates", "ABC1D23")
    city.clock.now_ms += 31 * 60_000
    page.click("#search button")
    expect(page.locator("#dialog-title")).to_have_text("Sua sessão terminou")
    page.fill("#login", PEOPLE[Role.INTELLIGENCE_ANALYST])
    page.fill("#password", PASSWORD)
    page.fill("#code", visitors.code(PEOPLE[Role.INTELLIGENCE_ANALYST]))
    page.press("#code", "Enter")
    expect(page.locator("#dialog-title")).to_have_text("Você entrou")
    page.click("#dialog button")
    assert page.input_value("#case") == "IP 12/2026"
    page.click("#search button")
    expect(page.locator("#results table")).to_contain_text("ABC1D23")
    with page.expect_download() as download:
        page.click("button[data-plain]")
    assert download.value.suggested_filename.startswith("viapublica-")


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_axe_finds_nothing_in_any_language_and_theme(language: str, theme: str, page: Page, visitors: Visitors) -> None:
    page.goto("/console/login")
    choose(page, "language", language)
    choose(page, "theme", theme)
    assert_accessible(page, "log-in")
    visited = {
        Role.OPERATOR: [
            "/console/situation",
            "/console/situation/city-services/incidents/0123456789abcdef01234567",
            f"/console/situation/city-services/cameras/{GUARD[0]}",
            "/console/situation/city-services/wall/4",
            "/console/situation/city-services/devices",
        ],
        Role.INTELLIGENCE_ANALYST: ["/console/plates", "/console/lists", "/console/recordings", "/console/traffic"],
        Role.SECTOR_ADMINISTRATOR: ["/console/audit", "/console/health", "/console/rights", "/console/people"],
        Role.GENERAL_ADMINISTRATOR: [
            "/console/rights/new",
            "/console/rights/holds",
            "/console/rights/disposals",
            "/console/people/new",
            "/console/people/accounts/guarda.otto",
            "/console/people/institutions",
        ],
        Role.DISCLOSURE_OFFICER: ["/console/releases", "/console/releases/new"],
        Role.RESEARCHER_LIAISON: ["/console/", "/console/audit", "/console/account"],
    }
    for role, paths in visited.items():
        log_in(page, visitors, PEOPLE[role])
        for path in paths:
            page.goto(path)
            if path.endswith("/plates"):
                page.select_option("#purpose", "criminal-investigation")
                page.fill("#case", "IP 12/2026")
                page.fill("#plates", "ABC1D23")
                page.click("#search button")
                page.wait_for_selector("#results svg")
            if path.endswith("/audit") and role is Role.SECTOR_ADMINISTRATOR:
                page.click("#search button")
                page.wait_for_selector("#results table")
            assert_accessible(page, path)
        page.context.clear_cookies(name="viapublica-session")


def test_two_hundred_hostile_cameras_run_nothing(page: Page, visitors: Visitors, service: Service) -> None:
    connection = sqlite3.connect(service.register)
    with connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(registered_cameras)")]
        found = connection.execute("SELECT * FROM registered_cameras WHERE camera_id = ?", [GUARD[0]]).fetchone()
        row = dict(zip(columns, found, strict=True))
        for number, payload in enumerate(PAYLOADS):
            made = row | {"camera_id": f"hostil-{number}", "location": payload}
            connection.execute(
                f"INSERT INTO registered_cameras ({', '.join(made)}) VALUES ({', '.join('?' * len(made))})",
                list(made.values()),
            )
    connection.close()
    log_in(page, visitors, PEOPLE[Role.SECTOR_ADMINISTRATOR])
    page.goto("/console/health")
    expect(page.locator("tbody tr")).to_have_count(2 + len(PAYLOADS))
    page.wait_for_timeout(300)
    assert page.evaluate("window.xss") is None
    assert page.url.endswith("/console/health")
