"""Policy gate for events: kind, fields and labels must be on the allow-lists, and the camera's scope must allow them.

Engines pass every event through it before the sinks, ingesters every event from Kafka before the event store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from pipeline.domain.camera import Camera
from pipeline.domain.events import (
    ENGINE_ID,
    AlertEvent,
    BaseEvent,
    CountEvent,
    Event,
    HealthEvent,
    PlateReadEvent,
    TrackEvent,
)
from pipeline.domain.labels import PLATED_VEHICLES, VEHICLES, Label
from pipeline.errors import PolicyError
from pipeline.policy.scope import may_read_plates, why_no_plates

_COMMON = frozenset({"event_id", "camera_id", "ts_ms", "schema_version"})
ALLOWED_FIELDS: Mapping[type[BaseEvent], frozenset[str]] = {
    PlateReadEvent: _COMMON
    | frozenset(
        "plate plate_key layout confidence votes vehicle stream_id track_id first_ts_ms x1 y1 x2 y2 frame".split()
    ),
    TrackEvent: _COMMON | frozenset("label stream_id track_id first_ts_ms frames path_px speed_px_s speed_m_s".split()),
    CountEvent: _COMMON | frozenset("label count stream_id".split()),
    AlertEvent: _COMMON | frozenset("rule severity subject detail stream_id".split()),
    HealthEvent: _COMMON | frozenset("state detail stream_id".split()),
}
"""Every field of every event that may leave, maintained by hand: no field is added by mistake, see `check_schema`."""


def check_schema(kinds: Mapping[type[Any], frozenset[str]] = ALLOWED_FIELDS) -> None:
    """Stop the start when an event type has a field outside the allow-list.

    Raises:
        PolicyError: naming the event and the field.
    """
    for event_type, allowed in kinds.items():
        extra = sorted({f.name for f in msgspec.structs.fields(event_type)} - allowed)
        if extra:
            raise PolicyError(
                f"event {event_type.__name__}",
                f"has the field {extra[0]!r}, which is outside the allow-list",
                "Events carry no attribute of a person (decree 18.743/2014 art. 12); remove the field",
            )


class RefusalRule(StrEnum):
    """Rules by which events are refused; for counters and alerts."""

    KIND = "kind-not-allowed"
    FIELD = "field-not-allowed"
    CAMERA = "camera-not-registered"
    PLATES = "plates-not-allowed"
    LABEL = "label-not-allowed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event may not leave: the rule, and a reason for people that quotes nothing of the event."""

    rule: RefusalRule
    reason: str


class Gate:
    """Decides for each event whether it may leave an engine, or enter an event store.

    Args:
        cameras: the registered cameras, by id.

    Raises:
        PolicyError: an event type has a field outside the allow-list.
    """

    def __init__(self, cameras: Mapping[str, Camera]) -> None:
        check_schema()
        self._cameras = dict(cameras)

    def declare(self, camera: Camera) -> None:
        """Let a camera's events pass from now on, by its declaration."""
        self._cameras[camera.camera_id] = camera

    def withdraw(self, camera_id: str) -> None:
        """Let no further event of a camera pass."""
        self._cameras.pop(camera_id, None)

    def why_no_plates(self, camera_id: str) -> str:
        """The reason why a registered camera may not read plates; "" if it may, or is not registered."""
        camera = self._cameras.get(camera_id)
        return "" if camera is None else why_no_plates(camera)

    def refusal(self, event: Event) -> Refusal | None:
        """Why this event is refused; None when it may pass."""
        if type(event) not in ALLOWED_FIELDS:
            return Refusal(RefusalRule.KIND, f"events of type {type(event).__name__} are not on the allow-list")
        if isinstance(event, AlertEvent) and event.camera_id == ENGINE_ID:
            return None
        camera = self._cameras.get(event.camera_id)
        if camera is None:
            return Refusal(RefusalRule.CAMERA, "its camera is not declared in the configuration")
        if isinstance(event, PlateReadEvent) and not may_read_plates(camera):
            return Refusal(RefusalRule.PLATES, why_no_plates(camera))
        if _label_of(event) not in _LABELS[type(event)]:
            return Refusal(
                RefusalRule.LABEL, "its label is none of those that may be stored (decree 18.743/2014 art. 12)"
            )
        return None


def _label_of(event: Event) -> str:
    if isinstance(event, PlateReadEvent):
        return event.vehicle
    return event.label if isinstance(event, TrackEvent | CountEvent) else ""


_TRAFFIC: Final = frozenset(label.word for label in VEHICLES | {Label.PERSON})
_LABELS: Final[Mapping[type[BaseEvent], frozenset[str]]] = {
    PlateReadEvent: frozenset(label.word for label in PLATED_VEHICLES) | {""},
    TrackEvent: _TRAFFIC,
    CountEvent: _TRAFFIC,
    AlertEvent: frozenset({""}),
    HealthEvent: frozenset({""}),
}
