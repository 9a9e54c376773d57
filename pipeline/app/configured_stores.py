"""Event stores, sinks, recordings, previews and retention of a configuration, or of a data folder alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.config.settings import Config
from pipeline.domain.camera import Camera
from pipeline.domain.camera_declaration import DatedDeclaration
from pipeline.domain.times import format_time
from pipeline.errors import ConfigError
from pipeline.policy.scope import why_no_plates
from pipeline.record.settings import RecordSettings
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.settings import SinkSettings
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.settings import ChdbSettings, StoreSettings


@dataclass(frozen=True, slots=True)
class ConfiguredStores:
    """Where events are stored and for how long.

    Attributes:
        data_dir: folder of the program's data.
        stores: event stores; the first one answers questions.
        sinks: those configured; empty when no configuration is known.
        retention: days that each table is retained.
        record: of the recorder; None where nothing is recorded.
        previews: folder of preview images; None where there are none.
        cameras: those configured, by id; None when no configuration is known.
        oldest_days: age in days beyond which an ingester stores no event.
        institution: responsible for the cameras; "" where it is not named.
    """

    data_dir: Path
    stores: tuple[StoreSettings, ...]
    sinks: tuple[SinkSettings, ...] = ()
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    record: RecordSettings | None = None
    previews: Path | None = None
    cameras: Mapping[str, Camera] | None = None
    oldest_days: float = IngestSettings().oldest_days
    institution: str = ""

    @classmethod
    def of_config(cls, config: Config) -> ConfiguredStores:
        """The one that a configuration describes."""
        preview = config.observability.preview
        return cls(
            config.data_dir,
            config.event_stores,
            config.sinks,
            config.retention,
            config.record,
            None if preview is None else preview.dir,
            {camera.id: camera.camera() for camera in config.cameras},
            config.ingest.oldest_days,
            config.institution,
        )

    @classmethod
    def of_data_dir(cls, data_dir: Path) -> ConfiguredStores:
        """A data folder with an embedded store at its usual place, and the default retention."""
        return cls(data_dir, (ChdbSettings(),))

    def without_plates(self) -> dict[str, str]:
        """Cameras whose stored plates no answer may use, with the reason and since when.

        Raises:
            ConfigError: the declarations of the data folder are corrupt or cannot be read.
        """
        declared = DeclaredCameras(self.data_dir).all()
        present = {camera_id: found[-1].declaration.camera for camera_id, found in declared.items() if found}
        present |= self.cameras or {}
        return {
            camera_id: f"{why}{_since(declared.get(camera_id, []))}"
            for camera_id, camera in present.items()
            if (why := why_no_plates(camera))
        }

    @property
    def event_store(self) -> StoreSettings:
        """The store that answers questions.

        Raises:
            ConfigError: there is none.
        """
        if not self.stores:
            raise ConfigError(
                "configuration",
                "has no event store",
                "Add a sink of type chdb or clickhouse, or name a store under `store`",
            )
        return self.stores[0]


def _since(declarations: Sequence[DatedDeclaration]) -> str:
    """Since when a camera is declared so that no plates may be read; "" where that was not stored."""
    since_ms = None
    for one in reversed(declarations):
        if not why_no_plates(one.declaration.camera):
            break
        since_ms = one.from_ms
    return "" if since_ms is None else f", since {format_time(since_ms, None)}"
