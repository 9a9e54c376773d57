"""A camera is added, registered, approved and drawn on in the console, by someone who does it for the first time."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from pipeline.app.cameras.camera_onboarding import CameraOnboarding, check_camera_address
from pipeline.app.release.served_releases import ReleaseSettings
from pipeline.config.load import load_config
from pipeline.console.application import add_console
from pipeline.domain.role import Role
from pipeline.errors import ConfigError
from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.console.browser import chromium, violations
from tests.console.live_run import live_run
from tests.console.onboarded_camera import COMMAND
from tests.console.running import running
from tests.console.staffed_city import PEOPLE
from tests.console.visitors import Visitors, text_of
from tests.governance.people import PASSWORD, year
from tests.http_api.served_city import GUARD, stores_of

CENTRAL = PEOPLE[Role.GENERAL_ADMINISTRATOR]
NEW = {
    "camera": "av-amazonas",
    "name": "Av. Amazonas, 1200",
    "address": "rtsp://192.0.2.7/stream1",
    "user": "viapublica",
    "password": "s3nha da câmera",
    "scope": "public-road",
}
PAGE = "/console/people/cameras/av-amazonas"
_MOST_STEPS = 20


@pytest.fixture
def service(city: Office, tmp_path: Path) -> Iterator[Service]:
    """With a configuration, and an administrator who may also see cameras."""
    config = tmp_path / "city.yaml"
    config.write_text(
        f"version: 1\ndata_dir: {city.folder / 'data'}\nregister_database: {city.register}\ncameras:\n"
        f"  - {{id: {GUARD[0]}, source: 'rtsp://192.0.2.1/a', scope: public-road}} # the first\n"
    )
    with city.opened("viapublica") as registry:
        registry.registry.grant(CENTRAL, Role.OBSERVER, year(city.clock), "bia")
        stores = stores_of(city, city.stores.data_dir)
        settings = ReleaseSettings(config=config)
        made = Service(register=city.register, registry=registry, stores=stores, release_settings=settings)
        with closing(made) as service:
            yield service


@pytest.fixture
def app(service: Service) -> FastAPI:
    made = add_console(create_application(service))
    made.state.cameras = CameraOnboarding(service.register, service.release_settings.config, COMMAND)
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(app: FastAPI, browser: Browser) -> Iterator[Page]:
    with running(app) as address:
        context = browser.new_context(base_url=address, viewport={"width": 1366, "height": 768})
        context.set_default_timeout(30_000)
        page, errors = context.new_page(), list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Policy" in message.text else None)
        yield page
        context.close()
        assert errors == []


def approved(visitors: Visitors) -> int:
    second = visitors.logged_in("bia")
    second.open(PAGE)
    return second.send(f"{PAGE}/approval").status


class Newcomer:
    """Clicks and fills, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page, self.steps = page, 0

    def click(self, selector: str) -> None:
        self.steps += 1
        self.page.click(selector)

    def fill(self, **fields: str) -> None:
        for name, text in fields.items():
            self.steps += 1
            field = self.page.locator(f"#{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)

    def draw(self, *corners: tuple[float, float]) -> None:
        box = self.page.locator("#drawing").bounding_box()
        assert box is not None
        self.steps += 1
        for x, y in corners:
            self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        self.page.keyboard.press("f")


@pytest.mark.parametrize(
    "address",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "rtsp://127.0.0.1/a",
        "http://localhost:8123/?query=1",
        "http://169.254.169.254/latest/meta-data",
        "rtsp://[::1]/a",
        "rtsp://[::ffff:127.0.0.1]/a",
        "rtsp://0.0.0.0/a",
        "udp://239.0.0.1:5000",
    ],
)
def test_no_file_and_no_address_of_this_machine_is_a_camera(address: str) -> None:
    with pytest.raises(ConfigError):
        check_camera_address(address)
    check_camera_address("rtsp://10.20.0.11/stream1")


def test_nothing_is_left_of_a_camera_that_cannot_be_used(visitors: Visitors, service: Service, app: FastAPI) -> None:
    config = service.release_settings.config
    assert config is not None
    before = config.read_text()
    failing = ("sh", "-c", """cat > /dev/null; printf '{"subject": "camera", "text": "does not answer"}'""")
    app.state.cameras = CameraOnboarding(service.register, config, failing)
    visitor = visitors.logged_in(CENTRAL)
    visitor.open("/console/people/cameras/new")
    reply = visitor.send("/console/people/cameras/new", NEW, htmx=True)
    assert reply.status == 422
    assert "does not answer" in text_of(reply)
    for wrong in ({"address": "/etc/passwd"}, {"camera": GUARD[0]}, {"address": "rtsp://127.0.0.1/a"}):
        assert visitor.send("/console/people/cameras/new", NEW | wrong, htmx=True).status == 409
    assert visitor.send("/console/people/cameras/new", NEW | {"latitude": "sul"}, htmx=True).status == 422
    assert config.read_text() == before
    assert not (config.parent / "secrets" / "av-amazonas").exists()
    assert visitor.open(PAGE).status == 404
    assert visitor.open(f"/console/people/cameras/{GUARD[0]}/draw/").status == 404
    reply = visitor.send(f"/console/people/cameras/{GUARD[0]}/reload", htmx=True)
    assert reply.status == 503
    assert "Nenhuma execução das câmeras responde" in text_of(reply)


def test_a_newcomer_adds_a_camera_and_draws_its_masks(
    page: Page, visitors: Visitors, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto("/console/login")
    for name, text in {"login": CENTRAL, "password": PASSWORD, "code": visitors.code(CENTRAL)}.items():
        page.fill(f"#{name}", text)
    page.press("#code", "Enter")
    newcomer = Newcomer(page)
    newcomer.click('nav a[href="/console/people"]')
    newcomer.click('a[href="/console/people/cameras/new"]')
    newcomer.fill(**NEW)
    assert violations(page) == []
    newcomer.click("form.panel button")
    page.wait_for_url(f"**{PAGE}")
    newcomer.fill(project="PI-12/2026", **{"plates-by": "Decreto 18.743/2014"})
    newcomer.click("form:has(#project) > button")
    expect(page.locator("dd", has_text="PI-12/2026")).to_be_visible()
    expect(page.locator("#next-title ~ p")).to_contain_text("Outra pessoa da administração geral")
    with ThreadPoolExecutor(1) as another:  # the browser's loop is that of this thread
        assert another.submit(approved, visitors).result() == 303
    page.reload()
    assert violations(page) == []
    newcomer.click(f'form[action="{PAGE}/draw"] button')
    page.wait_for_url(f"**{PAGE}/draw/")
    newcomer.click("#tool-mask")
    newcomer.draw((0.1, 0.1), (0.3, 0.1), (0.3, 0.4))
    newcomer.click("#save")
    newcomer.click("#write")
    expect(page.locator("#message")).to_have_class("message good")
    assert violations(page) == []
    newcomer.click("#finish")
    page.wait_for_url(f"**{PAGE}")
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: signals.append((pid, number)))
    with live_run(service, frames=1):
        newcomer.click(f'form[action="{PAGE}/reload"] button')
        page.wait_for_load_state("networkidle")
        expect(page.locator("#notices .box")).to_have_count(0)
    assert signals == [(os.getpid(), signal.SIGHUP)]
    assert newcomer.steps <= _MOST_STEPS
    assert service.release_settings.config is not None
    (first, added) = load_config(service.release_settings.config, for_queries=True).cameras
    assert (first.id, len(added.masks), added.password_file) == (GUARD[0], 1, Path("secrets/av-amazonas"))
    secret = service.release_settings.config.parent / "secrets" / "av-amazonas"
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("s3nha da câmera\n", 0o600)
    text = service.release_settings.config.read_text()
    assert "# the first" in text
    assert "s3nha" not in text
