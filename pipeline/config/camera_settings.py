"""Settings of one camera: its source and the public space in view."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from pipeline.alerting.settings import CameraAlertSettings
from pipeline.analytics.calibration import Calibration
from pipeline.analytics.calibration_error import check_horizon
from pipeline.config.area_settings import AreaSettings
from pipeline.config.sensitive_places import NearPlace
from pipeline.decode.input_options import InputOptions, NetworkOptions
from pipeline.domain.camera import CAMERA_ID, Camera, Priority, Scope, Surroundings, camera_id_problem
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.credentials import redact_address
from pipeline.domain.polygon import Polygon, check_polygon
from pipeline.domain.source_identity import source_sha256
from pipeline.domain.traffic_areas import TrafficAreas, ZoneKind
from pipeline.domain.video import Rotation
from pipeline.policy.scope import may_read_plates
from pipeline.policy.sensitive.places import suggested_surroundings

CheckedPolygon = Annotated[Polygon, AfterValidator(check_polygon)]


class CameraSettings(BaseModel):
    """One camera: its source and the public space in view."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        title="Camera id",
        description="Unique name in events, tables and logs: letters without accents, digits, dot, dash, underscore.",
        json_schema_extra={"pattern": CAMERA_ID.pattern},
        examples=["av-paulista-900"],
    )
    source: str = Field(
        title="Source",
        description="rtsp://, http(s):// (HLS too) address, a video file, or a folder of images. "
        "Paths are relative to the configuration file; ${NAME} is taken from the environment, and percent-encoded "
        "in an address.",
        min_length=1,
        examples=["rtsp://10.0.0.7/stream1", "rtsp://user:${CAMERA_PASSWORD}@10.0.0.7/stream1"],
    )
    user: str | None = Field(
        default=None,
        title="User",
        description="User name of the camera, instead of one in the address; any characters but a colon.",
        min_length=1,
        max_length=256,
    )
    password_env: str | None = Field(
        default=None,
        title="Password variable",
        description="Name of the environment variable with the password, which may contain any characters.",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
    )
    password_file: Path | None = Field(
        default=None,
        title="Password file",
        description="File whose content, less a trailing newline, is the password; relative to the configuration file.",
    )
    scope: Scope = Field(
        title="Public-space scope",
        description="The public space in view (decree 18.743/2014 art. 13). A camera without it does not start. "
        "Plates are read on public-road and car-park-entrance only (law 11.766/2022 art. 9 §3).",
    )
    name: str = Field(default="", title="Name", description="Display name.")
    surroundings: frozenset[Surroundings] = Field(
        default=frozenset(),
        title="Sensitive surroundings",
        description="Places in view that reveal something sensitive about the people who stop there; "
        "any of them switches per-plate analytics off for this camera. If it is left out and names of camera or areas "
        "suggest such a place (clinica, igreja, sindicato …), or one of `places` is near, it counts as in view; [] "
        "states that there is none.",
    )
    latitude: float | None = Field(default=None, ge=-90, le=90, title="Latitude", description="Degrees, WGS 84.")
    longitude: float | None = Field(default=None, ge=-180, le=180, title="Longitude", description="Degrees, WGS 84.")
    analyze_fps: float | None = Field(
        default=None,
        gt=0,
        le=120,
        title="Analyzed frames per second",
        description="Frames per second handed to the detector; all when empty. Frames in between are not converted. "
        "At least 5 where plates are read: with fewer, passing vehicles and plates are missed, and answers say so.",
    )
    priority: Priority = Field(
        default=Priority.NORMAL,
        title="Priority",
        description="Whose frames go first in an overload of the machine: rates of low priority are lowered first, "
        "those of high priority last, and evenly within one. Without an overload it changes nothing.",
    )
    masks: tuple[CheckedPolygon, ...] = Field(
        default=(),
        title="Privacy masks",
        description="Polygons [[x, y], …], 0 to 1 of the upright image, filled before any other step gets a frame "
        "(windows, doors and yards of homes; decree 18.743/2014 art. 13).",
    )
    ignore: tuple[CheckedPolygon, ...] = Field(
        default=(),
        title="Ignored by plate reading",
        description="Polygons [[x, y], …], 0 to 1 of the upright image, in which no plate is read: captions that the "
        "camera draws, signs. Still text in small areas near the border stays readable in anonymized video.",
    )
    rotate: Rotation = Field(
        default=0,
        title="Rotation",
        description="Degrees clockwise by which images are turned: 180 for a camera that hangs upside down, 90 or 270 "
        "for one mounted sideways. After a rotation that the stream declares, and before the privacy masks.",
    )
    track: int | None = Field(
        default=None,
        ge=1,
        le=99,
        title="Video track",
        description="Number of the video track of a file that has several, such as front and rear of a dashboard "
        "camera. Empty: the first one; the others are named as not analyzed.",
    )
    ends: bool = Field(
        default=False,
        title="Recording that ends",
        description="true: the http(s):// address serves a recording, which is analyzed once. false: it is a camera, "
        "and when its stream ends, that is an outage: it is connected again. Files always end.",
    )
    tls: Literal["verify", "insecure"] = Field(
        default="verify",
        title="Certificate check",
        description="verify: the camera's certificate must be valid (https, rtsps, rtmps). insecure: any certificate "
        "is accepted, and any host on the way can pose as the camera; a warning says so at every start.",
    )
    tls_ca: Path | None = Field(
        default=None,
        title="Certificate authority",
        description="PEM file of the authority that signed the camera's certificate, or of a self-signed certificate "
        "itself. Empty: the authorities of the operating system.",
    )
    tls_name: str = Field(
        default="",
        title="Name in the certificate",
        description="Where it is not the host of the address, such as the serial number of a camera.",
        max_length=253,
    )
    allowed_hosts: frozenset[str] = Field(
        default=frozenset(),
        title="Further hosts",
        description="Hosts besides its own that the camera's redirections and HLS playlists may refer to, as host "
        "or host:port. All others are refused.",
        examples=[["cdn.example.org", "10.0.0.8:8080"]],
    )
    plates: bool = Field(
        default=True,
        title="Read plates",
        description="false: no plates are read, although scope and surroundings allow it, as where the registry of "
        "cameras names no instrument for it.",
    )
    owner: str = Field(
        default="",
        title="Owner",
        description="As in the registry of cameras, which it is compared with if it is given.",
        max_length=200,
    )
    other_scene_than: frozenset[str] = Field(
        default=frozenset(),
        title="Another scene than",
        description="Ids of cameras at its host that may not read plates; without it no plate of this one is stored.",
    )
    record: bool = Field(
        default=True,
        title="Record",
        description="Whether its video is recorded, where the configuration has a `record` section; files never are.",
    )
    start_time: datetime | None = Field(
        default=None,
        title="Start time",
        description="Wall-clock time of a file's first frame (ISO 8601 with zone). Empty: the file's own creation "
        "time, else its modification time.",
    )
    calibration: Calibration | None = Field(
        default=None, title="Ground calibration", description="Maps pixels to meters on the road, for speeds in m/s."
    )
    areas: AreaSettings = Field(
        default_factory=AreaSettings,
        title="Traffic areas",
        description="Zones and lines in which traffic is counted and judged by alert rules.",
    )

    alerts: CameraAlertSettings = Field(
        default_factory=CameraAlertSettings,
        title="Alerts here",
        description="Alert rules of this camera, where they differ from those of `alerts`.",
    )

    @field_validator("id")
    @classmethod
    def _id_is_plain(cls, camera_id: str) -> str:
        if problem := camera_id_problem(camera_id):
            raise ValueError(problem)
        return camera_id

    @model_validator(mode="after")
    def _login_is_complete(self) -> Self:
        if self.password_env is not None and self.password_file is not None:
            raise ValueError("give one of password_env and password_file, not both")
        if self.user is None and (self.password_env is not None or self.password_file is not None):
            raise ValueError("a password needs the user that it belongs to; add user")
        return self

    @model_validator(mode="after")
    def _zone_is_given(self) -> Self:
        if self.start_time is not None and self.start_time.tzinfo is None:
            raise ValueError("start_time needs a zone, such as 2026-11-22T08:00:00-03:00")
        return self

    @model_validator(mode="after")
    def _areas_can_be_used(self) -> Self:
        areas = self.traffic_areas()
        if self.calibration is not None:
            check_horizon(self.calibration, areas)
        return self

    @model_validator(mode="after")
    def _closed_zones_are_restricted(self) -> Self:
        restricted = {zone.name for zone in self.areas.zones if zone.kind is ZoneKind.RESTRICTED}
        if wrong := sorted(self.alerts.closed.keys() - restricted):
            raise ValueError(
                f"alerts.closed: {wrong[0]!r} is no restricted zone of the camera, so the period would hold for "
                "nothing; draw it under areas.zones with kind: restricted"
            )
        return self

    def traffic_areas(self) -> TrafficAreas:
        """Zones and lines as shares of the upright image.

        Raises:
            ValueError: see `AreaSettings.traffic_areas`; never of a validated configuration.
        """
        return self.areas.traffic_areas(self.calibration, self.masks)

    _near: tuple[NearPlace, ...] = PrivateAttr(default=())

    @property
    def near_places(self) -> tuple[NearPlace, ...]:
        """Sensitive places of the city's list near it, unless `surroundings` is given: they count as in view."""
        return () if "surroundings" in self.model_fields_set else self._near

    def beside(self, near: tuple[NearPlace, ...]) -> Self:
        """The same camera near these places."""
        found = self.model_copy()
        found._near = near
        return found

    @property
    def start_ms(self) -> int | None:
        """`start_time` in milliseconds since 1970 UTC."""
        return None if self.start_time is None else round(self.start_time.timestamp() * 1000)

    def camera(self) -> Camera:
        """The declared camera, for the policy."""
        suggested = {*self.suggested_surroundings().values(), *(near.place.kind for near in self.near_places)}
        places = self.surroundings | suggested
        position = self.latitude, self.longitude
        return Camera(self.id, self.scope, self.name, places, *position, self.analyze_fps, self.areas.names())

    @property
    def reads_plates(self) -> bool:
        """Whether its plates are read where the configuration has a plate reader."""
        return self.plates and may_read_plates(self.camera())

    def suggested_surroundings(self) -> dict[str, Surroundings]:
        """Words in the names of camera and areas that suggest a sensitive place, unless `surroundings` is given.

        They count as that.
        """
        if "surroundings" in self.model_fields_set:
            return {}
        return suggested_surroundings(self.id, self.name, *sorted(self.areas.names().all()))

    @property
    def input_options(self) -> InputOptions:
        """Rotation, video track, end and network."""
        hosts = frozenset(host.lower() for host in self.allowed_hosts)
        network = NetworkOptions(self.tls == "insecure", self.tls_ca, self.tls_name, hosts)
        return InputOptions(self.rotate, self.track, network, self.ends)

    def declaration(self) -> CameraDeclaration:
        """All that decides how its video may be used, as the recorder stores it; `source` is absolute."""
        source = source_sha256(self.source)
        return CameraDeclaration(self.camera(), source, self.masks, rotate=self.rotate, ignore=self.ignore)

    def __repr__(self) -> str:
        return f"CameraSettings(id={self.id!r}, source={redact_address(self.source)!r}, scope={self.scope.value!r})"
