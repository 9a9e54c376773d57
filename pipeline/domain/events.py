"""What leaves the pipeline. No field can hold an image, a face, or who a person is.

Events are msgspec structs with a deterministic id: a replay of the same stream gives the same ids, so that
at-least-once delivery becomes exactly-once in the tables. `schema_version` rises when a field changes meaning.
"""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from pipeline.domain.plate import Layout

SCHEMA_VERSION = 1
_NAMESPACE = uuid.UUID("8f0a5c1e-52f5-5d0e-9a0c-7a6f1b0f5a11")


def event_id(camera_id: str, stream_id: str, kind: str, subject: str | int, sequence: int = 0) -> uuid.UUID:
    """UUIDv5 of where, which take, which kind, about what (a track, a minute and class …) and which in a row."""
    return uuid.uuid5(_NAMESPACE, f"{camera_id}\x1f{stream_id}\x1f{kind}\x1f{subject}\x1f{sequence}")


class Kind(StrEnum):
    """Kinds of events; also the names of tables and the tails of Kafka topics."""

    PLATE_READ = "plate_read"
    TRACK = "track"
    COUNT = "count"
    ALERT = "alert"
    HEALTH = "health"


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, gc=False):
    """Fields of every event.

    Attributes:
        event_id: deterministic, see `event_id`.
        camera_id: the camera.
        ts_ms: when it happened, milliseconds since 1970 UTC (for a track: when last seen; for a count: the minute).
        schema_version: version of the event's fields.
    """

    event_id: uuid.UUID
    camera_id: str
    ts_ms: int
    schema_version: int = SCHEMA_VERSION


class PlateReadEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.PLATE_READ.value):
    """A plate, voted over a vehicle's track.

    Attributes:
        plate: text as read; plate_key: see `pipeline.domain.plate.plate_key`.
        layout: syntax of the text.
        confidence: weakest character, 0 to 1; votes: crops combined.
        vehicle: word of the vehicle's label, or "" when no vehicle was found around the plate.
        stream_id, track_id: the take and the track it was read on.
        first_ts_ms: when the track was first seen.
        x1, y1, x2, y2: the plate's box in the best frame, pixels of the stored image.
        frame: index of that frame in the stream.
    """

    plate: str
    plate_key: str
    layout: Layout
    confidence: float
    votes: int
    vehicle: str
    stream_id: str
    track_id: int
    first_ts_ms: int
    x1: float
    y1: float
    x2: float
    y2: float
    frame: int


class TrackEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.TRACK.value):
    """A closed track of a vehicle or of an unidentified person.

    Attributes:
        label: word of the label most seen; stream_id, track_id: the take and the track.
        first_ts_ms, ts_ms: first and last seen; frames: how often.
        path_px: length of the path of the box's ground point; speed_px_s: that over its time.
        speed_m_s: meters per second where the camera has a ground calibration, else None.
    """

    label: str
    stream_id: str
    track_id: int
    first_ts_ms: int
    frames: int
    path_px: float
    speed_px_s: float
    speed_m_s: float | None = None


class CountEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.COUNT.value):
    """How many tracks of a class were first seen in one minute (`ts_ms` is the minute's start)."""

    label: str
    count: int
    stream_id: str


class Severity(StrEnum):
    """How soon somebody should look at an alert."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


ENGINE_ID = "@engine"
"""Stands as `camera_id` of alerts about the program itself; no camera can be called so."""


class AlertEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.ALERT.value):
    """Something an operator should look at.

    Attributes:
        rule: what raised it, such as ``camera-lost`` or ``events-lost``.
        severity: how soon.
        subject: what it is about: a sink's name, a zone; "" for the camera itself.
        detail: in words, without credentials.
    """

    rule: str
    severity: Severity
    subject: str = ""
    detail: str = ""
    stream_id: str = ""


class HealthEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.HEALTH.value):
    """A camera changed its state; `detail` says why, without credentials."""

    state: str
    detail: str
    stream_id: str = ""


Event: TypeAlias = PlateReadEvent | TrackEvent | CountEvent | AlertEvent | HealthEvent

_KINDS: Final[dict[type[BaseEvent], Kind]] = {
    kind: Kind(str(kind.__struct_config__.tag))
    for kind in (PlateReadEvent, TrackEvent, CountEvent, AlertEvent, HealthEvent)
}
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """Compact JSON with the tag `kind`."""
    return _encoder.encode(event)


def decode(data: bytes | str) -> Event:
    """The inverse of `encode`.

    Raises:
        msgspec.ValidationError: unknown kind or field, or a value of the wrong type.
        msgspec.DecodeError: not JSON.
    """
    return _decoder.decode(data)


def kind_of(event: Event) -> Kind:
    """The kind of an event."""
    return _KINDS[type(event)]
