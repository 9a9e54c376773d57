"""Prometheus metrics of one running pipeline, and the small server that shows them."""

from __future__ import annotations

import errno
import json
import socket
import socketserver
import threading
import time
from collections import Counter as RunStatistics
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
from pipeline.domain.ports import SourceState
from pipeline.errors import ConfigError
from pipeline.observe.prometheus_collectors import (
    MAX_REASONS,
    OTHER,
    ActivitiesCollector,
    QueuesCollector,
    SinksCollector,
    SourcesCollector,
    StagesCollector,
)
from pipeline.observe.snapshots import Activities, Queues, QueueSnapshot, Sinks, Sources
from pipeline.observe.stage_timing import Stage, StageClock

__all__ = ["MetricsServer", "Observed", "PipelineMetrics", "QueueSnapshot"]

_log = structlog.get_logger(__name__)

_STAGE_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Decoding a frame takes 1 ms, a network 5 ms on a GPU and 250 ms on a laptop, a sink's flush up to seconds."""
_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)
_SLOW_CLIENT_S = 5.0
"""A client that sends nothing for so long is cut off; a scrape takes milliseconds."""


class PipelineMetrics:
    """All metrics of one pipeline, in a registry of its own.

    Fast events are counted by its methods; slow-changing state is read from the callables given to the `watch_…`
    methods at each scrape (each once: a second time is a ValueError). All methods are safe from any thread.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Metrics at zero.

        Args:
            registry: where to put them; None for a new one.
        """
        self.registry = registry if registry is not None else CollectorRegistry()
        self._sources: Sources = dict
        self._sinks: Sinks = list
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
            "viapublica_stage_items", "Things a stage worked on.", ["stage"], registry=self.registry
        )
        self._batch = Histogram(
            "viapublica_batch_size_frames",
            "Frames in one network pass.",
            buckets=_BATCH_BUCKETS,
            registry=self.registry,
        )
        self._events = Counter("viapublica_events", "Events that left.", ["kind"], registry=self.registry)
        self._refused = Counter(
            "viapublica_events_refused", "Events the policy gate kept back.", ["reason"], registry=self.registry
        )
        ProcessCollector(namespace="viapublica", registry=self.registry)

    def stage(self, name: Stage | str, seconds: float, n: int = 1) -> None:
        """A stage worked for so many seconds on `n` things.

        Raises:
            ValueError: no stage of that name.
        """
        stage = Stage(name).value
        self._stage_seconds.labels(stage).observe(seconds)
        self._stage_items.labels(stage).inc(n)

    def batch(self, size: int) -> None:
        """A network pass over so many frames."""
        self._batch.observe(size)

    def event(self, kind: Kind | str, n: int = 1) -> None:
        """So many events of a kind left.

        Raises:
            ValueError: no such kind.
        """
        self._events.labels(Kind(kind).value).inc(n)

    def refused(self, reason: str, n: int = 1) -> None:
        """So many events were kept back; beyond 16 reasons all further ones are summed as ``other``."""
        with self._lock:
            if reason not in self._reasons and len(self._reasons) >= MAX_REASONS:
                reason = OTHER
            self._reasons.add(reason)
        self._refused.labels(reason).inc(n)

    def watch_sources(self, sources: Sources, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Show these cameras; `monotonic_s` is the clock of their `last_frame_s`. Once."""
        self._sources = sources
        self._watch(SourcesCollector(sources, monotonic_s))

    def watch_activities(self, activities: Activities) -> None:
        """Show what becomes of the cameras' frames. Once."""
        self._watch(ActivitiesCollector(activities))

    def watch_sinks(self, sinks: Sinks) -> None:
        """Show these sinks. Once."""
        self._sinks = sinks
        self._watch(SinksCollector(sinks))

    def watch_queues(self, queues: Queues) -> None:
        """Show these queues. Once."""
        self._watch(QueuesCollector(queues))

    def watch_stages(self, clock: StageClock) -> None:
        """Show the processor time of these stages. Once."""
        self._watch(StagesCollector(clock))

    def _watch(self, collector: Collector) -> None:
        # The registry does not notice a second collector of the same names; Prometheus would refuse the whole scrape.
        if type(collector) in self._watched:
            raise ValueError(f"{type(collector).__name__} is already there; one callable can tell of everything")
        self._watched.add(type(collector))
        self.registry.register(collector)

    def health(self) -> dict[str, Any]:
        """Whether the pipeline does its work: the body of ``/health``.

        ``status`` is ``ok``; ``degraded`` when a camera or a sink is in trouble; ``failing`` when all cameras failed
        for good.
        """
        cameras = self._sources()
        sinks = self._sinks()
        states = RunStatistics(status.state.value for status in cameras.values())
        well = {SourceState.STREAMING, SourceState.CONNECTING, SourceState.ENDED}
        trouble = sorted(camera for camera, status in cameras.items() if status.state not in well)
        broken = sorted(sink.name for sink in sinks if sink.error)
        status = "degraded" if trouble or broken else "ok"
        if cameras and states[SourceState.FAILED.value] == len(cameras):
            status = "failing"
        return {
            "status": status,
            "cameras": dict(sorted(states.items())),
            "cameras_in_trouble": trouble,
            "sinks_in_trouble": broken,
            "events_pending": sum(sink.pending for sink in sinks),
        }


class Observed(Protocol):
    """What a `MetricsServer` shows."""

    @property
    def registry(self) -> CollectorRegistry:
        """For ``/metrics``."""

    def health(self) -> dict[str, Any]:
        """The body of ``/health``, with ``status``."""


class MetricsServer:
    """Serves ``/metrics`` (Prometheus) and ``/health`` (JSON; 503 when failing) on a thread of its own.

    ::

        with MetricsServer(metrics, port=9108) as server:
            print(server.url)

    Raises:
        ConfigError: it cannot listen there (port taken, address not of this machine, no right to it).
    """

    def __init__(self, metrics: Observed, host: str = "127.0.0.1", port: int = 9108) -> None:
        """Listens at once, serves from `__enter__` on; port 0 takes any free one."""
        try:
            self._server = _Server((host, port), metrics)
        except OSError as error:
            raise _cannot_listen(host, port, error) from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)

    @property
    def url(self) -> str:
        """Address without a path, such as ``http://127.0.0.1:9108``."""
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
        """Stop listening; a second call does nothing."""
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
        # http.server asks the name service for its own name here, which can hang for seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's signature
        _log.debug("metrics_client_lost", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SLOW_CLIENT_S
    server_version = "viapublica"
    sys_version = ""

    def do_GET(self) -> None:
        try:
            answer = self._page(self.path.split("?", 1)[0])
        except Exception:  # noqa: BLE001 - whatever a watched callable raises, the next scrape is answered
            _log.exception("metrics_failed", path=self.path)
            answer = (HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", b"see the log\n")
        self._answer(*answer)

    def _page(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        metrics = self.server.metrics
        if path == "/metrics":
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            return HTTPStatus.OK, content_type, encode(metrics.registry)
        if path == "/health":
            health = metrics.health()
            code = HTTPStatus.SERVICE_UNAVAILABLE if health["status"] == "failing" else HTTPStatus.OK
            return code, "application/json", json.dumps(health).encode()
        return HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/metrics and /health are here\n"

    def _answer(self, code: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        _log.debug("metrics_request", line=format % args)


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigError:
    subject = f"metrics endpoint {host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return ConfigError(subject, "the port is already in use", "Choose another metrics port, or 0 for any free one")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ConfigError(subject, "this user may not listen there", "Choose a port above 1023")
    return ConfigError(subject, f"cannot listen there ({error.strerror or error})", "Choose an address of this machine")
