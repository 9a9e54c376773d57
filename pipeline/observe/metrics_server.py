"""HTTP server of metrics and health, with a bounded number of connections."""

from __future__ import annotations

import contextlib
import errno
import json
import socket
import socketserver
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Protocol, Self

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from pipeline.errors import ConfigError

_log = structlog.get_logger(__name__)

MAX_CONNECTIONS: Final = 16
"""Prometheus, a load balancer and a few people need one each."""
_CLIENT_TIMEOUT_S: Final = 5.0
"""Clients that send nothing for this long are disconnected; a scrape takes milliseconds."""
_ACCEPT_PAUSE_S: Final = 0.1
_WARN_EVERY_S: Final = 3600.0


class Observed(Protocol):
    """Metrics and health that a `MetricsServer` exposes."""

    @property
    def registry(self) -> CollectorRegistry:
        """The registry behind ``/metrics``."""

    def health(self) -> dict[str, Any]:
        """The body of ``/health``, with ``status``."""


class MetricsServer:
    """HTTP server of ``/metrics`` (Prometheus) and ``/health`` (JSON; 503 if failing), in its own thread.

    ::

        with MetricsServer(metrics, port=9108) as server:
            print(server.url)

    Raises:
        ConfigError: it cannot listen (port in use, address not of this machine, no permission).
    """

    def __init__(self, metrics: Observed, host: str = "127.0.0.1", port: int = 9108) -> None:
        """Listen immediately, serve from `__enter__` on; port 0 selects a free one."""
        try:
            self._server = _Server((host, port), metrics)
        except OSError as error:
            raise _cannot_listen(host, port, error) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)

    @property
    def url(self) -> str:
        """Base URL, such as ``http://127.0.0.1:9108``."""
        host, port = self._server.server_address[:2]
        name = host.decode() if isinstance(host, bytes) else host
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        _log.info("metrics_served", url=f"{self.url}/metrics")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; further calls do nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """At most `MAX_CONNECTIONS` at a time: a further one takes the place of the oldest, so that a flood of connections
    uses up neither threads nor file descriptors, and a scrape is still answered."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], metrics: Observed) -> None:
        self.metrics = metrics
        self._guard = threading.Lock()
        self._connections: dict[socket.socket, None] = {}
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._warned_s = float("-inf")
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # http.server resolves its own host name here, which can block for seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            return super().get_request()
        except OSError:
            time.sleep(_ACCEPT_PAUSE_S)  # Out of descriptors: the connection stays in the queue and wakes us at once.
            raise

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - signature of socketserver
        if not self._places.acquire(blocking=False):
            self._disconnect_oldest()
            if not self._places.acquire(timeout=_CLIENT_TIMEOUT_S):
                return False
        with self._guard:
            self._connections[request] = None
        return True

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            had_place = request in self._connections
            self._connections.pop(request, None)
        super().shutdown_request(request)
        if had_place:
            self._places.release()

    def _disconnect_oldest(self) -> None:
        with self._guard, contextlib.suppress(OSError, StopIteration):
            next(iter(self._connections)).shutdown(socket.SHUT_RDWR)
        if time.monotonic() - self._warned_s > _WARN_EVERY_S:
            self._warned_s = time.monotonic()
            _log.warning("metrics_connections_full", limit=MAX_CONNECTIONS)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - signature of socketserver
        _log.debug("metrics_client_lost", error=repr(sys.exception()))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _CLIENT_TIMEOUT_S
    server_version = "viapublica"
    sys_version = ""

    def do_GET(self) -> None:
        try:
            answer = self._response(self.path.split("?", 1)[0])
        except Exception:  # noqa: BLE001 - an error of a watched callable must not end the server
            _log.exception("metrics_failed", path=self.path)
            answer = (HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", b"see the log\n")
        self._answer(*answer)

    def _response(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        metrics = self.server.metrics
        if path == "/metrics":
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            return HTTPStatus.OK, content_type, encode(metrics.registry)
        if path == "/health":
            health = metrics.health()
            code = HTTPStatus.SERVICE_UNAVAILABLE if health["status"] == "failing" else HTTPStatus.OK
            return code, "application/json", json.dumps(health).encode()
        return HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"not found; available: /metrics, /health\n"

    def _answer(self, code: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - signature of http.server
        _log.debug("metrics_request", line=format % args)


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigError:
    subject = f"metrics endpoint {host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return ConfigError(subject, "the port is already in use", "Choose another metrics port, or 0 for a free one")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ConfigError(subject, "permission denied", "Choose a port above 1023")
    return ConfigError(subject, f"cannot listen ({error.strerror or error})", "Choose an address of this machine")
