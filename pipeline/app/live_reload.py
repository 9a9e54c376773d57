"""Reload of the configuration of a running engine: read, check, compare, apply camera by camera."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from pipeline.config.load import load_config
from pipeline.engine.build import check_models, check_sources
from pipeline.engine.reconfigure import Reconfiguration
from pipeline.engine.running_engine import RunningEngine
from pipeline.errors import ViapublicaError

_CLOSE_S: Final = 30.0
"""Maximum wait at the end of a run for a reload in progress."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """Result of one reload.

    Attributes:
        result: what changed, None when nothing was changed.
        error: why nothing was changed, "" otherwise.
    """

    result: Reconfiguration | None = None
    error: str = ""

    def lines(self) -> list[str]:
        """The result for people, one line per fact."""
        if self.result is None:
            return [f"configuration not reloaded, nothing was changed: {self.error}"]
        change, failed = self.result.change, self.result.failed
        lines = [
            f"{what}: {', '.join(cameras)}"
            for what, cameras in (("added", change.added), ("removed", change.removed), ("changed", change.changed))
            if cameras
        ]
        lines = lines or ["no camera differs"]
        lines += [f"failed: {error}" for error in failed.values()]
        if change.needs_restart:
            lines.append(f"takes effect at the next start only: {', '.join(change.needs_restart)}")
        return [f"configuration reloaded, {line}" for line in lines]


class LiveReload:
    """A context manager around a thread that reloads the configuration whenever it is requested.

    Args:
        path: the configuration file.
        running: the engine to reconfigure.
        on_report: called after each reload, from this thread.
    """

    def __init__(self, path: Path, running: RunningEngine, on_report: Callable[[ReloadReport], None]) -> None:
        self._path = path
        self._running = running
        self._on_report = on_report
        # A SimpleQueue may be used in signal handlers, an Event may not.
        self._requests: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._requests.put(False)
        self._thread.join(_CLOSE_S)

    def request(self) -> None:
        """Reload soon; returns at once. Safe in a signal handler. Requests during a reload become one."""
        self._requests.put(True)

    def reload(self) -> ReloadReport:
        """Read and check the configuration, and apply it; in the caller's thread, which must not be the engine's."""
        try:
            config = load_config(self._path)
            check_sources(config)
            check_models(config)
            return ReloadReport(self._running.reconfigure(config))
        except ViapublicaError as error:
            _log.error("configuration_not_reloaded", error=str(error))
            return ReloadReport(error=str(error))
        except Exception as error:  # noqa: BLE001 - a bug here must not end the run
            _log.exception("configuration_not_reloaded")
            return ReloadReport(error=f"{type(error).__name__}: {error}")

    def _run(self) -> None:
        while self._requests.get():
            while not self._requests.empty():
                if not self._requests.get():
                    return
            self._on_report(self.reload())
