"""Settings of a whole configuration, made of the settings of each package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.adaptive.settings import AnalyzeSettings
from pipeline.alerting.settings import AlertSettings
from pipeline.analytics.settings import AnalyticsSettings
from pipeline.audit.settings import AuditSettings
from pipeline.channels.settings import AnyChannelSettings
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.engine_settings import EngineSettings
from pipeline.config.query_settings import QueryLimitSettings
from pipeline.config.request_settings import SubjectRequestSettings
from pipeline.config.sensitive_places import PlacesSettings
from pipeline.config.text_settings import TextSettings
from pipeline.config.zone_name import ZoneName
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.settings import DetectSettings
from pipeline.directories.settings import ServerSettings
from pipeline.domain.channel_names import is_channel
from pipeline.domain.route import GeoPoint
from pipeline.hotlists.settings import HotListSettings
from pipeline.lpr.settings import LprSettings
from pipeline.observe.settings import ObserveSettings, PreviewSettings
from pipeline.record.settings import RecordSettings
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.settings import ChdbSinkSettings, ClickHouseSinkSettings, SinkSettings
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.settings import StoreSettings

_STRICT = ConfigDict(extra="forbid", frozen=True)


class ObservabilitySettings(ObserveSettings):
    """Logs, metrics and previews."""

    preview: PreviewSettings | None = Field(
        default=None, title="Preview", description="Annotated images; off when empty."
    )


class Config(BaseModel):
    """A viapublica configuration."""

    model_config = _STRICT

    version: Literal[1] = Field(default=1, title="Version", description="Version of this file's layout.")
    institution: str = Field(
        default="",
        title="Institution",
        description="The institution responsible for the cameras; shown on every release.",
    )
    local_law: str = Field(
        default="",
        title="Local law",
        description="Act of the municipality or state that governs the cameras, as documents of disclosures "
        "cite it beside the federal law. Without one they cite the federal law alone.",
        max_length=200,
        examples=["Decreto nº 18.743/2014 (Porto Alegre)"],
    )
    zone: ZoneName | None = Field(
        default=None,
        title="Time zone",
        description="Of times in answers and documents, and of times given without an offset, unless --zone names "
        "another one; without both it is the machine's, which is often UTC on servers.",
        examples=["America/Sao_Paulo"],
    )
    places: PlacesSettings | None = Field(
        default=None,
        title="Sensitive places",
        description="The city's list of places of worship, health, unions and the like, compared with the cameras.",
    )
    sensitive_texts: TextSettings = Field(
        default_factory=TextSettings,
        title="Sensitive texts",
        description="Further words and exceptions for the screen of names, notes, reasons and titles.",
    )
    data_dir: Path = Field(
        default=Path("data"),
        title="Data folder",
        description="Embedded event store, undelivered events and the local query endpoint. "
        "Relative to the configuration file.",
    )
    models_dir: Path | None = Field(
        default=None,
        title="Models folder",
        description="Folder of weights; empty: VIAPUBLICA_MODELS, then the weights that come with viapublica.",
    )
    register_database: str | None = Field(
        default=None,
        title="Register",
        description="Register of disclosures, people and cameras: an SQLite file, relative to the configuration file, "
        "or an address such as postgresql+psycopg://user@host/name. Empty: the one that `viapublica init` made, else "
        "viapublica-register/register.db of the data folder, or of the working folder if it is there.",
        min_length=1,
    )
    cameras: tuple[CameraSettings, ...] = Field(
        min_length=1, title="Cameras", description="At least one; ids must differ."
    )
    decode: DecodeSettings = Field(
        default_factory=DecodeSettings, title="Decode", description="Connections and decoding, for all cameras."
    )
    detect: DetectSettings = Field(default_factory=DetectSettings, title="Detect", description="Networks and tracking.")
    analyze: AnalyzeSettings = Field(
        default_factory=AnalyzeSettings, title="Analyze", description="Frames that the detector gets."
    )
    lpr: LprSettings | None = Field(
        default_factory=LprSettings,
        title="Plate reading",
        description="On cameras whose scope allows it; null switches it off everywhere.",
    )
    record: RecordSettings | None = Field(
        default=None,
        title="Recording",
        description="Video of live cameras, retained for some days; nothing is recorded when empty.",
    )
    analytics: AnalyticsSettings = Field(
        default_factory=AnalyticsSettings, title="Analytics", description="Counts and track summaries."
    )
    alerts: AlertSettings = Field(
        default_factory=AlertSettings, title="Alerts", description="Rules on tracks in traffic areas, and incidents."
    )
    sinks: tuple[SinkSettings, ...] = Field(
        default_factory=lambda: (ChdbSinkSettings(),),
        min_length=1,
        title="Sinks",
        description="Destinations of events; without `store`, the first event store among them answers queries.",
    )
    channels: tuple[AnyChannelSettings, ...] = Field(
        default=(),
        title="Channels",
        description="Where alerts are sent, besides the sinks; each by a route of its own.",
    )
    store: Annotated[StoreSettings, Field(discriminator="type")] | None = Field(
        default=None,
        title="Event store",
        description="The event store that queries read and that `viapublica kafka ingest` fills, where it is not one "
        "of the sinks.",
    )
    ingest: IngestSettings = Field(
        default_factory=IngestSettings,
        title="Ingest",
        description="How `viapublica kafka ingest` brings events from Kafka into the event store.",
    )
    retention: RetentionSettings = Field(
        default_factory=RetentionSettings,
        title="Retention",
        description="Days that the event store retains each class of data (decree 18.743/2014 art. 8).",
    )
    requests: SubjectRequestSettings = Field(
        default_factory=SubjectRequestSettings,
        title="Requests",
        description="Requests of persons about their data (decree 18.743/2014 art. 19, LGPD art. 18).",
    )
    query_limits: QueryLimitSettings = Field(
        default_factory=QueryLimitSettings,
        title="Limits of searches",
        description="How many searches by plate an account may make (decree 18.743/2014 art. 5).",
    )
    audit: AuditSettings = Field(
        default_factory=AuditSettings,
        title="Audit",
        description="Where operations are recorded before they answer (decree 18.743/2014 art. 7, 8).",
    )
    server: ServerSettings = Field(
        default_factory=ServerSettings,
        title="Server",
        description="`viapublica serve`: its address, and the directories of institutions.",
    )
    hotlists: HotListSettings = Field(
        default_factory=HotListSettings,
        title="Hot-lists",
        description="Comparison of read plates with the lists of `viapublica hotlist`.",
    )
    engine: EngineSettings = Field(
        default_factory=EngineSettings, title="Engine", description="Queues, batches, shutdown."
    )
    observability: ObservabilitySettings = Field(
        default_factory=ObservabilitySettings, title="Observability", description="Logs, metrics, previews."
    )

    @property
    def event_store(self) -> StoreSettings | None:
        """The store that answers queries: `store`, else the first among the sinks."""
        return next(iter(self.event_stores), None)

    @property
    def event_stores(self) -> tuple[StoreSettings, ...]:
        """Every event store that this configuration fills or queries."""
        return (*((self.store,) if self.store else ()), *self.stores_among_sinks)

    @property
    def stores_among_sinks(self) -> tuple[ChdbSinkSettings | ClickHouseSinkSettings, ...]:
        """The event stores that `viapublica run` fills itself."""
        return tuple(s for s in self.sinks if isinstance(s, ChdbSinkSettings | ClickHouseSinkSettings))

    @property
    def places_of_cameras(self) -> dict[str, GeoPoint]:
        """Coordinates of the cameras that have some, by id."""
        return {
            camera.id: GeoPoint(camera.latitude, camera.longitude)
            for camera in self.cameras
            if camera.latitude is not None and camera.longitude is not None
        }

    @property
    def sink_names(self) -> list[str]:
        """Names of all sinks, those of channels too."""
        return [sink.name for sink in self.sinks] + [name for one in self.channels for name in one.sink_names]

    @field_validator("cameras")
    @classmethod
    def _camera_ids_differ(cls, cameras: tuple[CameraSettings, ...]) -> tuple[CameraSettings, ...]:
        _check_differ("camera id", [camera.id for camera in cameras])
        return cameras

    @field_validator("sinks")
    @classmethod
    def _sink_names_differ(cls, sinks: tuple[SinkSettings, ...]) -> tuple[SinkSettings, ...]:
        _check_differ("sink name", [sink.name for sink in sinks])
        if reserved := next((sink.name for sink in sinks if is_channel(sink.name)), ""):
            raise ValueError(f"sink name {reserved!r} begins like those of channels; give it another name")
        return sinks

    @field_validator("channels")
    @classmethod
    def _channel_names_differ(cls, channels: tuple[AnyChannelSettings, ...]) -> tuple[AnyChannelSettings, ...]:
        _check_differ("channel name", [name for channel in channels for name in channel.sink_names])
        return channels

    @model_validator(mode="after")
    def _channels_name_what_is_configured(self) -> Self:
        cameras = {camera.id for camera in self.cameras}
        groups = {group.name for group in self.retention.groups}
        owners = {camera.owner for camera in self.cameras} - {""}
        for channel in self.channels:
            for key, named, known in (
                ("cameras", channel.cameras, cameras),
                ("groups", channel.groups, groups),
                ("owners", channel.owners, owners),
            ):
                if unknown := sorted(set(named) - known):
                    raise ValueError(
                        f"channels: {key} of {channel.name!r} name {unknown[0]!r}, which is not configured, so its "
                        "alerts would not be sent"
                    )
        return self

    @model_validator(mode="after")
    def _groups_are_of_configured_cameras(self) -> Self:
        known = {camera.id for camera in self.cameras}
        for group in self.retention.groups:
            if unknown := sorted(set(group.cameras) - known):
                raise ValueError(
                    f"retention.groups: camera {unknown[0]!r} of {group.name!r} is not configured, so its period would "
                    "hold for no data"
                )
        return self

    @model_validator(mode="after")
    def _spools_do_not_outlive_retention(self) -> Self:
        for sink in self.sinks:
            self.retention.check_window(sink.name, sink.spool.retain_s)
        return self


def _check_differ(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} {twice[0]!r} is used more than once; every one must differ")
