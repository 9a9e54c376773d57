"""Notifications on a device: subscribed and ended by the page, shown by its service worker in Chromium."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from pipeline.domain.role import Role
from pipeline.engine.push_subscriptions import PushSubscriptions
from tests.app.people.installations import Office
from tests.channels.browsers import Browser
from tests.channels.messages import message
from tests.console.browser import chromium, violations
from tests.console.running import running
from tests.console.staffed_city import INCIDENT, PEOPLE
from tests.console.test_in_a_browser import log_in
from tests.console.visitors import Visitors, text_of

SHOWN = """async () => {
    const registered = await navigator.serviceWorker.getRegistration("/console/");
    const [one] = (await registered?.getNotifications()) ?? [];
    return one && [one.title, one.body, one.tag, one.data];
}"""
DEVICES = "/console/situation/policing/devices"


def test_a_device_is_subscribed_listed_and_ended(visitors: Visitors, city: Office) -> None:
    operator = visitors.logged_in(PEOPLE[Role.OPERATOR])
    assert "Nenhum dispositivo seu" in text_of(operator.open(DEVICES))
    keys = Browser("http://127.0.0.1:9/device").keys
    assert operator.send(DEVICES, keys | {"channel": "guard", "device": "Celular do plantão"}).status == 303
    (subscribed,) = PushSubscriptions(city.register, city.clock).of("guard")
    assert (subscribed.endpoint, subscribed.purpose) == (keys["endpoint"], "policing")
    page = text_of(operator.open(DEVICES))
    assert "Celular do plantão" in page
    assert keys["auth"] not in page
    assert operator.send(f"{DEVICES}/{subscribed.subscription_id}/end").status == 303
    assert PushSubscriptions(city.register, city.clock).of("guard") == ()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium: make system")
def test_chromium_shows_what_arrives_and_opens_its_incident(app: FastAPI, visitors: Visitors) -> None:
    with running(app) as address, chromium() as browser:
        context = browser.new_context(base_url=address, viewport={"width": 1366, "height": 768})
        context.grant_permissions(["notifications"], origin=address)
        page = context.new_page()
        log_in(page, visitors, PEOPLE[Role.OPERATOR])
        page.goto(DEVICES)
        assert violations(page) == []
        page.fill("#device", "Computador da sala")
        page.click("#subscribe button")
        # There is no way to a push service from here.
        expect(page.locator("#push-problem")).to_contain_text("nada foi registrado")
        shown = delivered(page, address, {"id": message().message_id, "incident": INCIDENT, "severity": "critical"})
        assert shown == ["Contramão", "Avenida Paulista", message().message_id, INCIDENT]
        context.close()


def delivered(page: Page, origin: str, alert: dict[str, Any]) -> list[str]:
    """What the service worker shows of a notification that is handed to it, as the browser does."""
    found: list[str] = []
    session = page.context.new_cdp_session(page)
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    payload = json.dumps(alert | {"title": "Contramão", "text": "Avenida Paulista"})
    for _ in range(100):
        page.wait_for_timeout(200)
        if found:
            delivery = {"origin": origin, "registrationId": found[-1], "data": payload}
            session.send("ServiceWorker.deliverPushMessage", delivery)
        if shown := page.evaluate(SHOWN):
            return list(shown)
    pytest.fail("the service worker showed no notification")
