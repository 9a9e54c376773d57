"""Reload of the cameras of a running ingester: read and check the configuration, compare, adapt the gate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from pipeline.app.kafka_topics import kafka_sink_of
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.errors import ViapublicaError
from pipeline.policy.gate import Gate
from pipeline.storage.declared_cameras import DeclaredCameras

_AT_START: Final = ("ingest", "sinks", "store", "data_dir", "retention", "observability")
"""Sections that an ingester reads only when it starts."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IngestReloadReport:
    """Result of one reload.

    Attributes:
        added, removed, changed: camera ids.
        needs_restart: sections whose change takes effect only at the next start.
        error: why nothing was changed, "" otherwise.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    error: str = ""

    def lines(self) -> list[str]:
        """The result for people, one line per fact."""
        if self.error:
            return [f"configuration not reloaded, nothing was changed: {self.error}"]
        lines = [
            f"{what}: {', '.join(cameras)}"
            for what, cameras in (("added", self.added), ("removed", self.removed), ("changed", self.changed))
            if cameras
        ]
        lines = lines or ["no camera differs"]
        if self.needs_restart:
            lines.append(f"takes effect at the next start only: {', '.join(self.needs_restart)}")
        return [f"configuration reloaded, {line}" for line in lines]


class IngestReload:
    """Gives the gate of a running ingester the cameras of a configuration that was changed.

    Args:
        path: the configuration file.
        config: the configuration at the start.
        gate: of the ingester.
    """

    def __init__(self, path: Path, config: Config, gate: Gate) -> None:
        self._path = path
        self._started = config
        self._cameras = {camera.id: camera.camera() for camera in config.cameras}
        self._gate = gate

    def reload(self) -> IngestReloadReport:
        """Read and check the configuration, and adapt the gate: what the ingester decodes from now on obeys it."""
        try:
            config = load_config(self._path, for_queries=True)
            kafka_sink_of(config, self._path, config.ingest.source)
            cameras = {camera.id: camera.camera() for camera in config.cameras}
            DeclaredCameras(self._started.data_dir).declare(camera.declaration() for camera in config.cameras)
        except ViapublicaError as error:
            _log.error("configuration_not_reloaded", error=str(error))
            return IngestReloadReport(error=str(error))
        except Exception as error:  # noqa: BLE001 - a bug here must not end the ingester
            _log.exception("configuration_not_reloaded")
            return IngestReloadReport(error=f"{type(error).__name__}: {error}")
        before, self._cameras = self._cameras, cameras
        for camera_id in before.keys() - cameras.keys():
            self._gate.withdraw(camera_id)
        for camera in cameras.values():
            self._gate.declare(camera)
        return IngestReloadReport(
            added=tuple(id_ for id_ in cameras if id_ not in before),
            removed=tuple(id_ for id_ in before if id_ not in cameras),
            changed=tuple(id_ for id_ in cameras if id_ in before and before[id_] != cameras[id_]),
            needs_restart=tuple(name for name in _AT_START if getattr(self._started, name) != getattr(config, name)),
        )
