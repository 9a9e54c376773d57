"""Requests to a server: certificates are checked, redirections not followed, and foreign answers are no answers."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipeline.app.remote.server_address import ServerAddress
from pipeline.app.remote.server_connection import ask_server
from pipeline.errors import NotLoggedIn, PolicyError, StoreError, ViapublicaError
from tests.decode.test_http_access import certificate


@contextmanager
def _serving(status: int, body: bytes, tls: Path | None = None) -> Iterator[int]:
    """A server with one answer to everything; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", "http://192.0.2.1/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _problem(detail: str, policy: str = "") -> bytes:
    return f'{{"detail": "{detail}", "fix": "Do it", "policy": "{policy}"}}'.encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, _problem("session: has ended"), NotLoggedIn, "session: has ended. Do it"),
        (403, _problem("person ana: Refused", "case-number"), PolicyError, "person ana: Refused"),
        (429, _problem("Too many requests"), StoreError, "Too many requests"),
        (503, _problem("audit: takes no record"), StoreError, "takes no record"),
        (422, _problem("plates.0: is not a plate"), ViapublicaError, "is not a plate"),
        (302, b"", StoreError, "none of viapublica's"),
        (200, b"<html>", StoreError, "none of viapublica's"),
        (200, b"[]", StoreError, "none of viapublica's"),
        (404, b"{}", StoreError, "status 404"),
    ],
)
def test_what_is_no_success_is_an_error_with_the_words_of_the_server(
    status: int, body: bytes, kind: type[ViapublicaError], words: str
) -> None:
    with _serving(status, body) as port, pytest.raises(kind) as refused:
        ask_server(ServerAddress("127.0.0.1", port), "POST", "/queries/plates", {})
    assert words in str(refused.value)
    if isinstance(refused.value, PolicyError) and status == 403:
        assert refused.value.policy == "case-number"


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate(tmp_path / "server.pem", "localhost")
    with _serving(200, b'{"rows": 1}', made) as port:
        address = ServerAddress("localhost", port, encrypted=True)
        with pytest.raises(StoreError, match="does not answer"):
            ask_server(address, "POST", "/session", {"password": "secret"})
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
        assert ask_server(address, "POST", "/session", {}).content == {"rows": 1}
