"""People who use the console without a browser: they send its forms and read its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import FastAPI

from tests.app.people.installations import Office
from tests.governance.people import PASSWORD
from tests.http_api.client import Client, Reply
from tests.http_api.persons import code_of

FORM = "application/x-www-form-urlencoded"
HTMX = {"hx-request": "true"}


@dataclass
class Visitor(Client):
    """Keeps cookies, and sends the token of the last page with each form."""

    token: str = ""

    def open(self, path: str, *, htmx: bool = False) -> Reply:
        return self._noted(self.get(path, headers=HTMX if htmx else {}))

    def send(
        self, address: str, given: Mapping[str, str] | None = None, /, *, htmx: bool = False, **fields: str
    ) -> Reply:
        sent = urlencode({"csrf": self.token, **(given or {}), **fields}).encode()
        return self._noted(self.request("POST", address, sent, {"content-type": FORM} | (HTMX if htmx else {})))

    def _noted(self, reply: Reply) -> Reply:
        if found := re.search(r'name="csrf" value="(\w+)"', text_of(reply)):
            self.token = found[1]
        return reply


def text_of(reply: Reply) -> str:
    return reply.body.decode("utf-8", errors="replace")


@dataclass
class Visitors:
    """Logs people of an office in."""

    app: FastAPI
    city: Office

    def stranger(self) -> Visitor:
        return Visitor(self.app)

    def code(self, login: str) -> str:
        """A one-time code that was not used yet."""
        self.city.clock.now_ms += 30_000
        return code_of(self.city, login)

    def logged_in(self, login: str) -> Visitor:
        visitor = self.stranger()
        reply = visitor.send("/console/login", login=login, password=PASSWORD, code=self.code(login))
        assert reply.status == 303, text_of(reply)
        section = visitor.open(reply.headers["location"]).headers.get("location")
        if section:
            visitor.open(section)
        return visitor
