"""A directory of an institution that answers as a test wants, also as an attacker would have it answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from pipeline.directories.settings import DirectorySettings
from pipeline.store.settings import Credentials

CLIENT = "viapublica"
SECRET = "c5df-client-secret"
SUBJECT = "248289761001"
KEY = RSAKey.generate_key(2048, {"kid": "2026", "use": "sig"})
OTHERS_KEY = RSAKey.generate_key(2048, {"kid": "2026", "use": "sig"})

Claims = dict[str, Any]


def signed(claims: Claims, key: RSAKey = KEY, **header: str) -> str:
    return jwt.encode({"alg": "RS256", "kid": "2026", **header}, claims, key)


def unsigned(claims: Claims) -> str:
    """With alg none."""
    return f"{_parts('none', claims)}."


def symmetric(claims: Claims, secret: bytes) -> str:
    """With HS256, by what an attacker may know."""
    parts = _parts("HS256", claims)
    return f"{parts}.{_encoded(hmac.digest(secret, parts.encode(), 'sha256'))}"


def _parts(algorithm: str, claims: Claims) -> str:
    return ".".join(_encoded(json.dumps(one).encode()) for one in ({"alg": algorithm, "kid": "2026"}, claims))


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@dataclass
class Directory:
    """Serves one client.

    Attributes:
        token: makes the ID token of right claims.
        metadata: replaces what it publishes; keys: those it publishes.
        asked: paths of requests; verified: whether each code came with its verifier and the client's secret.
    """

    port: int = 0
    token: Callable[[Claims], str] = signed
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    subject: str = SUBJECT
    asked: list[str] = field(default_factory=list)
    verified: list[bool] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> DirectorySettings:
        return DirectorySettings(
            name="guarda",
            label="Guarda Municipal",
            institution="guarda",
            issuer=self.issuer,
            client_id=CLIENT,
            secret=Credentials.model_validate({"password": SECRET}),
        )

    def authorize(self, address: str) -> dict[str, str]:
        """What the browser brings back after the person has logged in at an address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["scope"] == "openid"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def published(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            **self.metadata,
        }

    def exchanged(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self._codes.pop(form["code"], None)  # a code counts once
        if asked is None:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = _encoded(digest)
        login = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        self.verified.append(
            challenge == asked["code_challenge"]
            and authorization == f"Basic {login}"
            and form["redirect_uri"] == asked["redirect_uri"]
        )
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT, "nonce": asked["nonce"]}
        token = self.token({**claims, "iat": now, "exp": now + 300})
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}


@contextmanager
def running_directory() -> Iterator[Directory]:
    """It, at a port of this machine."""
    directory = Directory()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            directory.asked.append(self.path)
            if self.path == "/keys":
                self.answer(200, {"keys": [key.as_dict(private=False) for key in directory.keys]})
            else:
                self.answer(200, directory.published())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*directory.exchanged(form, self.headers.get("Authorization", "")))

        def answer(self, status: int, content: dict[str, Any]) -> None:
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    directory.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield directory
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
