"""Prometheus metrics and health of a running pipeline, and the HTTP server that exposes them."""

from __future__ import annotations

import errno
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from pipeline.domain.events import Kind
from pipeline.errors import ConfigError
from pipeline.observe.prometheus_collectors import (
    MAX_REASONS,
    OTHER,
    ActivitiesCollector,
    NetworksCollector,
    QueuesCollector,
    SinksCollector,
    SourcesCollector,
    StagesCollector,
)
from pipeline.observe.run_health import run_health
from pipeline.observe.snapshots import Activities, Networks, Queues, QueueSnapshot, Sinks, Sources
from pipeline.observe.stage_timing import Stage, StageClock

__all__ = ["MetricsServer", "Observed", "PipelineMetrics", "QueueSnapshot"]

_log = structlog.get_logger(__name__)

_STAGE_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Decoding takes 1 ms per frame, inference 5 ms on a GPU to 250 ms on a laptop, flushing a sink up to seconds."""
_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)
_CLIENT_TIMEOUT_S = 5.0
"""Clients that send nothing for this long are disconnected; a scrape takes milliseconds."""


class PipelineMetrics:
    """All metrics of one pipeline, in their own registry.

    Frequent events are counted by its methods; state is read at each scrape from the callables passed to the
    `watch_…` methods (a second call of one is a ValueError). All methods are safe from any thread.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Metrics at zero.

        Args:
            registry: registry to use; None for a new one.
        """
        self.registry = registry if registry is not None else CollectorRegistry()
        self._sources: Sources = dict
        self._sinks: Sinks = list
        self._advice: Callable[[], str] = str
        self._monotonic_s: Callable[[], float] = time.monotonic
        self._started_s = time.monotonic()
        self._reasons: set[str] = set()
        self._watched: set[type[Collector]] = set()
        self._lock = threading.Lock()
        self._stage_seconds = Histogram(
            "viapublica_stage_seconds",
            "Time of one call of a stage.",
            ["stage"],
            buckets=_STAGE_BUCKETS_S,
            registry=self.registry,
        )
        self._stage_items = Counter(
            "viapublica_stage_items",
            "Frames, crops or events that a stage processed.",
            ["stage"],
            registry=self.registry,
        )
        self._batch = Histogram(
            "viapublica_batch_size_frames",
            "Frames per inference.",
            buckets=_BATCH_BUCKETS,
            registry=self.registry,
        )
        self._events = Counter("viapublica_events", "Dispatched events.", ["kind"], registry=self.registry)
        self._refused = Counter(
            "viapublica_events_refused", "Events that the policy gate refused.", ["reason"], registry=self.registry
        )
        ProcessCollector(namespace="viapublica", registry=self.registry)

    def stage(self, name: Stage | str, seconds: float, n: int = 1) -> None:
        """Count a call of a stage that processed `n` items.

        Raises:
            ValueError: unknown stage.
        """
        stage = Stage(name).value
        self._stage_seconds.labels(stage).observe(seconds)
        self._stage_items.labels(stage).inc(n)

    def batch(self, size: int) -> None:
        """Count an inference over `size` frames."""
        self._batch.observe(size)

    def event(self, kind: Kind | str, n: int = 1) -> None:
        """Count `n` dispatched events of a kind.

        Raises:
            ValueError: unknown kind.
        """
        self._events.labels(Kind(kind).value).inc(n)

    def refused(self, reason: str, n: int = 1) -> None:
        """Count `n` events that the policy gate refused; reasons beyond the first 16 are summed as ``other``."""
        with self._lock:
            if reason not in self._reasons and len(self._reasons) >= MAX_REASONS:
                reason = OTHER
            self._reasons.add(reason)
        self._refused.labels(reason).inc(n)

    def watch_sources(self, sources: Sources, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Export these cameras; `monotonic_s` is the clock of their `last_frame_s`."""
        self._sources = sources
        self._monotonic_s = monotonic_s
        self._started_s = monotonic_s()
        self._watch(SourcesCollector(sources, monotonic_s))

    def watch_advice(self, advice: Callable[[], str]) -> None:
        """Show in ``/health`` what helps against an overload; "" while there is none."""
        self._advice = advice

    def watch_activities(self, activities: Activities) -> None:
        """Export the analysis of the cameras' frames."""
        self._watch(ActivitiesCollector(activities))

    def watch_sinks(self, sinks: Sinks) -> None:
        """Export these sinks."""
        self._sinks = sinks
        self._watch(SinksCollector(sinks))

    def watch_queues(self, queues: Queues) -> None:
        """Export these queues."""
        self._watch(QueuesCollector(queues))

    def watch_networks(self, networks: Networks) -> None:
        """Publish which backend runs each network, and which ones failed its known-answer test."""
        self._watch(NetworksCollector(networks))

    def watch_stages(self, clock: StageClock) -> None:
        """Export the processor time of these stages."""
        self._watch(StagesCollector(clock))

    def _watch(self, collector: Collector) -> None:
        # The registry accepts a second collector of the same names; Prometheus would then reject the whole scrape.
        if type(collector) in self._watched:
            raise ValueError(f"{type(collector).__name__} is already registered")
        self._watched.add(type(collector))
        self.registry.register(collector)

    def health(self) -> dict[str, Any]:
        """Health of the pipeline: the body of ``/health``; see `run_health`."""
        now_s = self._monotonic_s()
        return run_health(self._sources(), self._sinks(), self._advice(), now_s=now_s, began_s=self._started_s)


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
    daemon_threads = True

    def __init__(self, address: tuple[str, int], metrics: Observed) -> None:
        self.metrics = metrics
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # http.server resolves its own host name here, which can block for seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - signature of socketserver
        _log.debug("metrics_client_lost", exc_info=True)


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
