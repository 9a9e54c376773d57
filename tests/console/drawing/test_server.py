"""The drawing page is served to one browser on this machine, by an address that works once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.console.drawing.server import serve_drawing
from tests.console.drawing.drawn_scene import RECTANGLE, drawing_session


class _Browser:
    """Sends requests with a cookie, as a browser does."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host, self.port, self.path = parts.hostname, parts.port, parts.path
        self.cookie = ""

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection(str(self.host), self.port, timeout=10)
        own = {"Content-Type": "application/json", **({"Cookie": self.cookie} if self.cookie else {})}
        connection.request(method, path, None if body is None else json.dumps(body), {**own, **(headers or {})})
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        return reply, content


@pytest.fixture
def browser(tmp_path: Path) -> Any:
    session, address = drawing_session(tmp_path), list[str]()
    started = Thread(target=serve_drawing, args=(session, address.append), daemon=True)
    started.start()
    while not address:
        assert started.is_alive()
    found = _Browser(address[0])
    yield found
    if found.cookie:
        found.send("POST", "/finish", {})
        started.join(10)
        assert not started.is_alive()


def _open(browser: _Browser) -> None:
    reply, _ = browser.send("GET", browser.path)
    assert (reply.status, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    browser.cookie = cookie.split(";")[0]


def test_who_opens_the_address_first_draws_and_nobody_else(browser: _Browser) -> None:
    for path in ("/", "/still.jpg", "/state", "/static/main.js", "/open/guessed"):
        assert browser.send("GET", path)[0].status == 403, path
    _open(browser)
    page, content = browser.send("GET", "/")
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert b"<script>" not in content
    assert b"style=" not in content
    assert page.headers["cache-control"] == "no-store"
    assert browser.send("GET", "/still.jpg")[1][:2] == b"\xff\xd8"
    other = _Browser(f"http://{browser.host}:{browser.port}{browser.path}")
    assert other.send("GET", browser.path)[0].status == 403  # the address was used


def test_requests_of_other_sites_and_names_are_refused(browser: _Browser) -> None:
    _open(browser)
    assert browser.send("GET", "/state", headers={"Host": f"evil.example:{browser.port}"})[0].status == 421
    asked: dict[str, Any] = {"drawing": {"masks": [], "ignore": [], "zones": [], "lines": [], "calibration": None}}
    assert browser.send("POST", "/check", asked, {"Sec-Fetch-Site": "cross-site"})[0].status == 403
    assert browser.send("POST", "/check", asked, {"Content-Type": "text/plain"})[0].status == 415
    assert browser.send("POST", "/check", asked)[0].status == 200


def test_what_is_refused_has_a_reason_that_the_page_can_put_into_words(browser: _Browser) -> None:
    _open(browser)
    state = json.loads(browser.send("GET", "/state")[1])
    drawing = {key: value for key, value in state["drawing"].items() if key != "drawn_for"}
    flawed = {**drawing, "masks": [[[0.1, 0.1], [0.4, 0.4], [0.4, 0.1], [0.1, 0.4]]]}
    reply, content = browser.send("POST", "/save", {"drawing": flawed, "version": state["version"]})
    assert reply.status == 422
    assert [flaw["code"] for flaw in json.loads(content)["flaws"]] == ["edges-cross"]
    reply, content = browser.send("POST", "/save", {"drawing": drawing, "version": "older"})
    assert (reply.status, "changed by another program" in json.loads(content)["detail"]) == (409, True)
    broken = {**RECTANGLE, "kind": "distances", "ab": 1, "bc": 1, "cd": 1, "da": 1, "ac": 9}
    del broken["width_m"], broken["length_m"]
    reply, content = browser.send("POST", "/ground", {"measure": broken})
    assert (reply.status, json.loads(content)["code"]) == (422, "open-triangle")
    assert browser.send("POST", "/ground", {"measure": {"kind": "guess"}})[0].status == 422
    assert browser.send("POST", "/check", {"drawing": {"masks": "all"}})[0].status == 422
