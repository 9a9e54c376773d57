"""Event stores, sinks, recordings, previews and retention of a configuration, or of a data folder alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from pipeline.audit.settings import AuditSettings
from pipeline.channels.settings import AnyChannelSettings
from pipeline.config.settings import Config
from pipeline.directories.settings import ServerSettings
from pipeline.domain.camera import Camera
from pipeline.domain.institution import Institution
from pipeline.domain.query_use import QueryLimits
from pipeline.domain.times import find_zone
from pipeline.errors import ConfigError, RecordError
from pipeline.hotlists.settings import HotListSettings
from pipeline.policy.sensitive.screen import TextScreen, standard_screen
from pipeline.policy.subject_requests import ANSWER_DAYS
from pipeline.record.settings import RecordSettings
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.settings import SinkSettings
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.settings import ChdbSettings, StoreSettings
from pipeline.store.withheld_cameras import sensitive_cameras, withheld_cameras


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
        ingest: how events in Kafka are stored.
        max_clock_lead_s: by how many seconds the times of stored events may be later than the clock.
        institution: responsible for the cameras.
        screen: of free texts.
        audit: where operations are recorded.
        zone: of times that people see; None for the machine's.
        answer_days: within which a request of a person is decided.
        register_database: register of disclosures, people and cameras; None for the usual one.
        query_limits: how many searches by plate an account may make.
        hotlists: threshold of matches with hot-lists.
        channels: of alerts; owners: institution of each camera, by its id.
        server: address of `viapublica serve`, and the directories by which people log in there.
    """

    data_dir: Path
    stores: tuple[StoreSettings, ...]
    sinks: tuple[SinkSettings, ...] = ()
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    record: RecordSettings | None = None
    previews: Path | None = None
    cameras: Mapping[str, Camera] | None = None
    ingest: IngestSettings = field(default_factory=IngestSettings)
    max_clock_lead_s: float = IngestSettings().max_clock_lead_s
    institution: Institution = field(default_factory=Institution)
    screen: TextScreen = field(default_factory=standard_screen)
    audit: AuditSettings = field(default_factory=AuditSettings)
    zone: tzinfo | None = None
    answer_days: int = ANSWER_DAYS
    register_database: str | None = None
    query_limits: QueryLimits = field(default_factory=QueryLimits)
    hotlists: HotListSettings = field(default_factory=HotListSettings)
    channels: tuple[AnyChannelSettings, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    server: ServerSettings = field(default_factory=ServerSettings)

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
            config.ingest,
            max(config.engine.max_clock_lead_s, config.ingest.max_clock_lead_s),
            Institution(config.institution, config.local_law),
            config.sensitive_texts.screen(),
            config.audit,
            find_zone(config.zone),
            config.requests.answer_days,
            config.register_database,
            config.query_limits.limits(),
            config.hotlists,
            config.channels,
            {camera.id: camera.owner for camera in config.cameras},
            config.server,
        )

    @classmethod
    def of_data_dir(cls, data_dir: Path) -> ConfiguredStores:
        """A data folder with an embedded store at its usual place, and the default retention.

        Raises:
            ConfigError: it is a file.
        """
        if data_dir.is_file():
            raise ConfigError(f"--data {data_dir}", "is a file, not a data folder", f"Use --config {data_dir}")
        return cls(data_dir, (ChdbSettings(),))

    @classmethod
    def of_recordings(cls, folder: Path) -> ConfiguredStores:
        """A folder of recorded video without a configuration, in the data folder where it has its usual place.

        Raises:
            RecordError: it is no folder.
        """
        if not folder.is_dir():
            raise RecordError(f"--dir {folder}", "is not a folder", "Name the folder of recorded video (record.dir)")
        return cls(folder.absolute().parent, (), record=RecordSettings(dir=folder))

    def without_plates(self) -> dict[str, str]:
        """Cameras whose stored plates no answer may use, with the reason and since when.

        Raises:
            ConfigError: the declarations of the data folder are corrupt or cannot be read.
        """
        return withheld_cameras(self.data_dir, self.cameras or {})

    def sensitive(self) -> frozenset[str]:
        """Cameras with sensitive surroundings.

        Raises:
            ConfigError: the declarations of the data folder are corrupt or cannot be read.
        """
        return sensitive_cameras(self.data_dir, self.cameras or {})

    @property
    def is_embedded(self) -> bool:
        """Whether the store that answers questions is in a folder, which one process opens at a time."""
        return bool(self.stores) and isinstance(self.stores[0], ChdbSettings)

    @property
    def audit_dir(self) -> Path:
        """Folder of the audit."""
        return self.audit.dir or self.data_dir / "audit"

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
