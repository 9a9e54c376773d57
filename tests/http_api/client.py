"""A client that calls the application in this process, as a browser or program would over a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from fastapi import FastAPI

ADDRESS = "192.0.2.7"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    set_cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Keeps cookies, as a browser does, and sends the CSRF token once it has one."""

    app: FastAPI
    address: str = ADDRESS
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    bearer: str = ""

    def get(self, path: str, **values: Any) -> Reply:
        return self.request("GET", path, **values)

    def post(self, path: str, body: Any = None, **values: Any) -> Reply:
        return self.request("POST", path, json.dumps({} if body is None else body).encode(), **values)

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        sent = {"host": "localhost", "content-length": str(len(body))}
        sent |= {"content-type": "application/json"} if body else {}
        sent |= {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        sent |= {"x-csrf-token": self.csrf} if self.csrf else {}
        sent |= {"authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        sent |= headers or {}
        place, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": place,
            "raw_path": place.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": (self.address, 40_000),
            "server": ("localhost", 80),
        }
        reply = asyncio.run(_answer(self.app, scope, body))
        for one in reply.set_cookies:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(one).items()}
        self.cookies = {name: value for name, value in self.cookies.items() if value}
        return reply


async def _answer(app: FastAPI, scope: dict[str, Any], body: bytes) -> Reply:
    parts: list[bytes] = []
    start: dict[str, Any] = {}

    received = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in received:
            return message
        await asyncio.Event().wait()  # the client stays connected
        raise AssertionError

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    lines = [(name.decode().lower(), value.decode()) for name, value in start["headers"]]
    cookies = tuple(value for name, value in lines if name == "set-cookie")
    return Reply(start["status"], dict(lines), b"".join(parts), cookies)
