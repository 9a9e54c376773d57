"""People of the installation that the HTTP API serves, with the secrets of their codes."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from fastapi import FastAPI

from pipeline.governance.login_secrets import totp_code
from pipeline.governance.totp_encryption import TotpEncryption
from tests.app.people.installations import Office
from tests.governance.people import PASSWORD
from tests.http_api.client import ADDRESS, Client, Reply


def code_of(city: Office, login: str) -> str:
    """The one-time code of a person at the time of the clock."""
    with sqlite3.connect(city.register) as connection:
        ((stored,),) = connection.execute("SELECT totp_secret FROM accounts WHERE login = ?", [login]).fetchall()
    connection.close()
    return totp_code(TotpEncryption(city.folder).decrypted(stored, login), city.clock.now_ms)


@dataclass
class People:
    """Logs people of an office in."""

    app: FastAPI
    city: Office

    def code(self, login: str) -> str:
        """A one-time code that was not used yet."""
        self.city.clock.now_ms += 30_000
        return code_of(self.city, login)

    def attempt(self, login: str, client: Client, password: str = PASSWORD, code: str = "") -> Reply:
        return client.post("/session", {"login": login, "password": password, "code": code or self.code(login)})

    def logged_in(self, login: str, address: str = ADDRESS) -> Client:
        client = Client(self.app, address)
        reply = self.attempt(login, client)
        assert reply.status == 200, reply.body
        client.csrf = reply.json["csrf_token"]
        return client

    def token(self, client: Client, *operations: str, days: int = 30) -> Client:
        """A program with a personal token that a person creates."""
        reply = client.post("/tokens", {"name": "planilha", "operations": operations, "days": days})
        assert reply.status == 201, reply.body
        return Client(self.app, client.address, bearer=reply.json["token"])
