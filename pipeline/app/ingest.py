"""Events from Kafka into the event store: one ingester, and what a process that runs it owes to others."""

from __future__ import annotations

import gc
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pipeline.app.ingest_reload import IngestReload, IngestReloadReport
from pipeline.app.kafka_topics import kafka_sink_of
from pipeline.config.settings import Config
from pipeline.engine.restored_folders import check_erasures_repeated
from pipeline.engine.retention_worker import retention_running
from pipeline.errors import ConfigError, ViapublicaError
from pipeline.observe.ingest_metrics import IngestMetrics, IngestSnapshot
from pipeline.observe.metrics_server import MetricsServer
from pipeline.policy.gate import Gate
from pipeline.sink.build import build_writer
from pipeline.sink.ingest.ingester import Ingester, IngestStatus
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.storage.folders import private_folder
from pipeline.storage.locks import OwnerLock
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreServer, endpoint_path
from pipeline.store.settings import ChdbSettings, StoreSettings
from pipeline.store.tombstones import Tombstones

__all__ = ["IngestReloadReport", "IngestRun", "IngestStatus"]

_TICK_S: Final = 0.2


class IngestRun:
    """One ingester of a configuration. All methods but `run` may be called from any thread.

    Args:
        config: the configuration; path: its file, for errors.
        once: end when the topics have no more messages.

    Raises:
        ConfigError: no Kafka sink, or no event store.
        StoreError: it is not known what was erased.
    """

    def __init__(self, config: Config, path: Path, *, once: bool) -> None:
        self._config = config
        self._once = once
        kafka = kafka_sink_of(config, path, config.ingest.source)
        self._store = _store_of(config, path)
        config.data_dir.mkdir(parents=True, exist_ok=True)
        declared = DeclaredCameras(config.data_dir)
        declared.declare(camera.declaration() for camera in config.cameras)
        check_erasures_repeated(config)
        tombstones = Tombstones(config.data_dir)
        tombstones.check()
        cameras = {camera.id: camera.camera() for camera in config.cameras}
        self._gate = gate = Gate(cameras, declared.cameras(), [tombstones.refusal], config.sink_names)
        self._reload = IngestReload(path, config, gate)
        # A SimpleQueue may be used in signal handlers, an Event may not.
        self._requests: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._ingester = Ingester(kafka, config.ingest, build_writer(self._store, config.data_dir), gate)

    def run(
        self,
        on_tick: Callable[[], None] = lambda: None,
        on_reload: Callable[[IngestReloadReport], None] = lambda _: None,
    ) -> None:
        """Ingest until `stop` is called, with retention, metrics and the local query endpoint of the store.

        Args:
            on_tick: called five times a second, in this thread.
            on_reload: called after each reload, in this thread.

        Raises:
            ViapublicaError: another ingester of this group runs on this data folder, or a port is taken.
        """
        # A batch is tens of thousands of objects without cycles; searching them for some took a sixth of the time.
        gc.freeze()
        gc.set_threshold(100_000, 50, 50)
        thread = threading.Thread(
            target=self._ingester.run, kwargs={"until_read": self._once}, name="ingest", daemon=True
        )
        with ExitStack() as stack:
            stack.enter_context(_only_ingester(self._config))
            stack.enter_context(retention_running(self._config, [self._store], live=True))
            _serve_store(self._store, self._config, self._gate, stack)
            _serve_metrics(self._config, self._ingester, stack)
            thread.start()
            while thread.is_alive():
                thread.join(_TICK_S)
                if not self._requests.empty():
                    self._drop_requests()
                    on_reload(self._reload.reload())
                on_tick()

    def stop(self) -> None:
        """Write and commit what was read, and end. Safe in a signal handler."""
        self._ingester.stop()

    def request_reload(self) -> None:
        """Read the cameras of the configuration again soon. Safe in a signal handler. Several requests become one."""
        self._requests.put(None)

    def status(self) -> IngestStatus:
        """Counts up to now, and the error that holds the ingester up."""
        return self._ingester.status()

    def _drop_requests(self) -> None:
        while not self._requests.empty():
            self._requests.get()


@contextmanager
def _only_ingester(config: Config) -> Iterator[None]:
    """Two ingesters with one data folder and one group would be one group member twice."""
    lock = OwnerLock(private_folder(config.data_dir / "run") / f"ingest-{config.ingest.group}.lock")
    if not lock.acquire():
        raise ViapublicaError(
            f"ingester of group {config.ingest.group}",
            f"runs already on this data folder, as process {lock.owner_pid()}",
            "Give a second one another data_dir; ingesters of one group share the work",
        )
    try:
        yield
    finally:
        lock.release()


def _serve_store(store: StoreSettings, config: Config, gate: Gate, stack: ExitStack) -> None:
    """Query commands reach an embedded store through the process that owns it."""
    if isinstance(store, ChdbSettings):
        answers = open_event_store(store, config.data_dir, gate.without_plates, gate.sensitive)
        stack.callback(answers.close)
        stack.callback(StoreServer(answers, endpoint_path(config.data_dir), config.sensitive_texts.screen()).close)


def _serve_metrics(config: Config, ingester: Ingester, stack: ExitStack) -> None:
    """/metrics and /health, where `ingest.metrics_port` asks for them."""
    if config.ingest.metrics_port is None:
        return

    def snapshot() -> IngestSnapshot:
        now = ingester.status()
        return IngestSnapshot(**asdict(now))

    metrics = config.observability.metrics
    host = metrics.host if metrics is not None else "127.0.0.1"
    stack.enter_context(MetricsServer(IngestMetrics(snapshot), host, config.ingest.metrics_port))


def _store_of(config: Config, path: Path) -> StoreSettings:
    if config.event_store is None:
        raise ConfigError(str(path), "has no event store to bring events into", "Name one under `store`")
    return config.event_store
