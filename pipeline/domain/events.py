"""Events, the pipeline's only output. No field can hold an image, a face, or the identity of a person.

Events are msgspec structs with a deterministic id: a replay of the same stream gives the same ids, so that
at-least-once delivery becomes exactly-once in the tables. `schema_version` rises with every change of the fields;
`pipeline.domain.event_compatibility` says which changes older programs accept. Where each kind goes and how long it
stays is described once, in `pipeline.domain.event_kinds`.
"""

from __future__ import annotations

import re
import uuid
from enum import StrEnum
from typing import Annotated, Final, TypeAlias, get_args

import msgspec

from pipeline.domain.alert_figures import FIGURES_LENGTH
from pipeline.domain.plate import Layout
from pipeline.domain.speed_histogram import LONGEST as LONGEST_SPEEDS
from pipeline.domain.speed_histogram import PATTERN as SPEEDS_PATTERN
from pipeline.domain.trajectory import LONGEST, PATTERN

SCHEMA_VERSION: Final = 1
UInt16: TypeAlias = Annotated[int, msgspec.Meta(extra={"column": "UInt16"})]
"""An integer that is stored in 16 bits without a sign; plain `int` takes 64 with one."""
UInt32: TypeAlias = Annotated[int, msgspec.Meta(extra={"column": "UInt32"})]
"""An integer that is stored in 32 bits without a sign."""
TrajectoryText: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=PATTERN, max_length=LONGEST, extra={"column": "String"})
]
"""See `pipeline.domain.trajectory`."""
SpeedsText: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=SPEEDS_PATTERN, max_length=LONGEST_SPEEDS, extra={"column": "String"})
]
"""See `pipeline.domain.speed_histogram`."""
AreasVersion: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{12}$", extra={"column": "String"})]
"""See `pipeline.domain.traffic_areas.TrafficAreas.version`."""


class Kind(StrEnum):
    """Kinds of events."""

    PLATE_READ = "plate_read"
    TRACK = "track"
    COUNT = "count"
    LINE_COUNT = "line_count"
    ZONE_STATE = "zone_state"
    ALERT = "alert"
    HEALTH = "health"


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, gc=False):
    """Fields of every event.

    Attributes:
        event_id: a hash of all other fields, see `pipeline.domain.event_identity`.
        camera_id: the camera.
        ts_ms: time of the event, milliseconds since 1970 UTC (of a track: last seen; of a count: start of the minute).
        schema_version: version of the event's fields.
    """

    event_id: uuid.UUID
    camera_id: str
    ts_ms: int
    schema_version: UInt16 = SCHEMA_VERSION


class PlateReadEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.PLATE_READ.value):
    """A plate, voted over a vehicle's track.

    Attributes:
        plate: text as read; plate_key: see `pipeline.domain.plate.plate_key`.
        layout: syntax of the text.
        confidence: of the weakest character, 0 to 1; votes: number of crops combined.
        vehicle: word of the vehicle's label, or "" when no vehicle was found around the plate.
        stream_id, track_id: the stream session and the track it was read on.
        first_ts_ms: when the track was first seen.
        x1, y1, x2, y2: the plate's box in the best frame, pixels of the stored image.
        frame: index of that frame in the stream.
    """

    plate: str
    plate_key: str
    layout: Layout
    confidence: float
    votes: UInt32
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
        label: word of the most frequent label; stream_id, track_id: the stream session and the track.
        first_ts_ms, ts_ms: first and last seen; frames: how often.
        path_px: length of the path of the box's ground point; speed_px_s: that over its time.
        speed_m_s: meters per second where the camera has a ground calibration, else None.
        trajectory: ``ms x y;ms x y``: milliseconds since first_ts_ms, and the box's ground point in ten-thousandths of
            the image's width and height; "" for none.
    """

    label: str
    stream_id: str
    track_id: int
    first_ts_ms: int
    frames: UInt32
    path_px: float
    speed_px_s: float
    speed_m_s: float | None = None
    trajectory: TrajectoryText = ""


class CountEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.COUNT.value):
    """How many tracks of a class were first seen in one minute (`ts_ms` is the minute's start)."""

    label: str
    count: UInt32
    stream_id: str


class LineCountEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.LINE_COUNT.value):
    """Traffic of a class across a line in one direction in one minute (`ts_ms` is the minute's start).

    Attributes:
        line, direction: names of the camera's traffic areas; label: word of the class.
        count: number of crossings.
        speeds: of those crossings whose speed is known, in km/h; "" without a ground calibration.
        mean_m_s, p85_m_s: mean and 85th percentile of the speeds, meters per second; None where none is known.
        headway_s: mean time since the road user before, of any class, crossed in this direction; None where none did.
        areas: version of the camera's traffic areas; stream_id: the stream session.
    """

    line: str
    direction: str
    label: str
    count: UInt32
    stream_id: str
    areas: AreasVersion
    speeds: SpeedsText = ""
    mean_m_s: float | None = None
    p85_m_s: float | None = None
    headway_s: float | None = None


class ZoneStateEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.ZONE_STATE.value):
    """Road users of a class in a zone during one minute (`ts_ms` is the minute's start); none where there were none.

    Attributes:
        zone: name of a zone of the camera's traffic areas; label: word of the class.
        occupancy, occupancy_max: mean and largest number of them at one time.
        queue, queue_max: the same of those that stood.
        seen_s: seconds of the minute of which frames were analyzed; the means are over them.
        density_m2: occupancy per square meter; density_km: per kilometer, in zones with a direction of travel; None
            without a ground calibration.
        areas: version of the camera's traffic areas; stream_id: the stream session.
    """

    zone: str
    label: str
    occupancy: float
    occupancy_max: UInt32
    queue: float
    queue_max: UInt32
    seen_s: float
    stream_id: str
    areas: AreasVersion
    density_m2: float | None = None
    density_km: float | None = None


class Severity(StrEnum):
    """How soon an operator should respond to an alert."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertRule(StrEnum):
    """Conditions that alerts are about. The policy gate refuses any other text."""

    CAMERA_LOST = "camera-lost"
    EVENTS_LOST = "events-lost"
    EVENTS_REFUSED = "events-refused"
    EVENTS_REFUSED_BY_POLICY = "events-refused-by-policy"
    OVERLOADED = "overloaded"
    OVERLOAD_ENDED = "overload-ended"
    STORED_DATA_LOST = "stored-data-lost"
    CLOCK_WRONG = "clock-wrong"
    CLOCK_DRIFTS = "clock-drifts"
    CLOCK_STEADY = "clock-steady"
    DISPOSAL_HELD = "disposal-held"
    IMAGE_UNUSABLE = "image-unusable"
    IMAGE_RESTORED = "image-restored"
    SCENE_CONFLICT = "scene-conflict"
    SCENE_CONFLICT_ENDED = "scene-conflict-ended"
    LOW_RATE = "low-rate"
    CAMERA_NOT_PERMITTED = "camera-not-permitted"
    CAMERA_MOVED = "camera-moved"
    VIEW_CONFIRMED = "view-confirmed"
    VIEW_UNCHECKED = "view-unchecked"
    VIEW_CHECKED = "view-checked"
    STOPPED_VEHICLE = "stopped-vehicle"
    SLOW_VEHICLE = "slow-vehicle"
    SWERVING_VEHICLE = "swerving-vehicle"
    WRONG_WAY = "wrong-way"
    PERSON_ON_ROADWAY = "person-on-roadway"
    VEHICLE_OFF_ROADWAY = "vehicle-off-roadway"
    ZONE_ENTERED = "zone-entered"
    CONGESTION = "congestion"
    CROWD = "crowd"
    SUDDEN_EMPTINESS = "sudden-emptiness"
    POSSIBLE_CLONE = "possible-clone"
    WATCHED_CONVOY = "watched-convoy"
    LISTED_PLATE = "listed-plate"
    HOT_LISTS_NOT_CHECKED = "hot-lists-not-checked"
    HOT_LISTS_CHECKED = "hot-lists-checked"
    TEST = "test"
    AREAS_NOT_USED = "areas-not-used"
    CALIBRATION_IMPLAUSIBLE = "calibration-implausible"


class IncidentPhase(StrEnum):
    """What an alert is to its incident."""

    NONE = ""
    """It is no part of an incident: a notice about a camera or the program."""
    BEGUN = "begun"
    UPDATED = "updated"
    """It goes on: another rule or camera joined, or its figures have changed much."""
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    """A person has done this, as with the next two; the register says which person."""
    ESCALATED = "escalated"
    CLOSED = "closed"

    @property
    def is_step(self) -> bool:
        """Whether it is what a person did, and nothing that a camera saw."""
        return self in {IncidentPhase.ACKNOWLEDGED, IncidentPhase.ESCALATED, IncidentPhase.CLOSED}


ENGINE_ID = "@engine"
"""Stands as `camera_id` of alerts about the program itself; no camera can be called so."""
INCIDENT_ID: Final = "^([0-9a-f]{24})?$"
IncidentId: TypeAlias = Annotated[str, msgspec.Meta(pattern=INCIDENT_ID, extra={"column": "String"})]
"""24 hexadecimal digits, see `pipeline.alerting.incidents`; "" for none."""


def is_incident_id(text: str) -> bool:
    """Whether a text is the id of an incident, and not that of an alert that is part of none."""
    return bool(text) and re.fullmatch(INCIDENT_ID, text) is not None


_UUID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
EVIDENCE_IDS: Final = f"^({_UUID}( {_UUID})*)?$"
EvidenceIds: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=EVIDENCE_IDS, max_length=37 * 16 - 1, extra={"column": "String"})
]
"""Ids of at most 16 events, with blanks between them; "" for none."""
_FIGURE: Final = r"[a-z_]{1,20}=-?[0-9]{1,9}(\.[0-9]{1,3})?"
FIGURES_TEXT: Final = f"^({_FIGURE}( {_FIGURE})*)?$"
FiguresText: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=FIGURES_TEXT, max_length=FIGURES_LENGTH, extra={"column": "String"})
]
"""Named numbers, such as ``seconds=45 usual=8``, see `pipeline.domain.alert_figures`; "" for none."""


class AlertEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.ALERT.value):
    """A condition that an operator should respond to, or what became of it.

    The sentence that people read is made of rule, subject, label and figures where it is shown, see
    `pipeline.domain.alert_sentences`; alerts about cameras and the program state theirs in `detail`.

    Attributes:
        rule: which condition, a value of `AlertRule`.
        severity: how soon.
        subject: what it is about: a sink's name, a zone, a line; "" for the camera itself.
        detail: explanation for people, of the words in `pipeline.policy.detail_words`.
        stream_id: the session in which it was noticed.
        incident: the incident that it belongs to; phase: what it is to it.
        first_ts_ms: when the condition began; 0 where it is the event's own time.
        label: word of the label of what it is about; "" for none.
        track_id: of that in the session; 0 for none. With `stream_id` it leads to the track's event.
        x1, y1, x2, y2: its box when it was noticed, pixels of the stored image; zeros for none.
        evidence: ids of the events from which it follows, such as plate reads.
        figures: what was measured, and what is usual.
    """

    rule: str
    severity: Severity
    subject: str = ""
    detail: str = ""
    stream_id: str = ""
    incident: IncidentId = ""
    phase: IncidentPhase = IncidentPhase.NONE
    first_ts_ms: int = 0
    label: str = ""
    track_id: int = 0
    x1: float = 0.0
    y1: float = 0.0
    x2: float = 0.0
    y2: float = 0.0
    evidence: EvidenceIds = ""
    figures: FiguresText = ""

    @property
    def began_ms(self) -> int:
        """When the condition began, milliseconds since 1970 UTC."""
        return self.first_ts_ms or self.ts_ms


LIFE_SIGN: Final = "still streaming"
"""`HealthEvent.detail` of an event that repeats the state of a streaming camera."""
LIFE_SIGN_MS: Final = 300_000
"""Time between two of them: without any, nothing shows whether a camera delivered video until a process was killed."""
VIDEO_BEGINS: Final = "recorded video begins"
"""`HealthEvent.detail` of the first frame of a recorded video, which sends no life signs."""
VIDEO_ENDS: Final = "recorded video was analyzed to its end"
"""`HealthEvent.detail` of its last frame; missing where the analysis was stopped or killed, or goes on."""


class HealthEvent(BaseEvent, frozen=True, kw_only=True, tag=Kind.HEALTH.value):
    """A change of a camera's state, or a life sign: the state of a streaming camera, repeated.

    Attributes:
        state: a value of `pipeline.domain.ports.SourceState`.
        detail: the reason, of the words in `pipeline.policy.detail_words`; `LIFE_SIGN` where nothing changed;
            `VIDEO_BEGINS` or `VIDEO_ENDS` for recorded video.
    """

    state: str
    detail: str
    stream_id: str = ""


Event: TypeAlias = PlateReadEvent | TrackEvent | CountEvent | LineCountEvent | ZoneStateEvent | AlertEvent | HealthEvent

MinuteEvent: TypeAlias = CountEvent | LineCountEvent | ZoneStateEvent
"""Events about the minute that begins at their time."""

EVENT_TYPES: Final[dict[Kind, type[Event]]] = {
    Kind(str(event_type.__struct_config__.tag)): event_type for event_type in get_args(Event)
}
_KINDS: Final = {event_type: kind for kind, event_type in EVENT_TYPES.items()}
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """Compact JSON with the tag `kind`."""
    return _encoder.encode(event)


def decode(data: bytes | str) -> Event:
    """The inverse of `encode`, for events of this version; see `event_compatibility.read_event` for those of others.

    Raises:
        msgspec.ValidationError: unknown kind or field, or a value of the wrong type.
        msgspec.DecodeError: not JSON.
    """
    return _decoder.decode(data)


def kind_of(event: Event) -> Kind:
    """The kind of an event."""
    return _KINDS[type(event)]
