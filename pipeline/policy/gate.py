"""Policy gate for events: kind, fields and labels must be on the allow-lists, and the camera's scope must allow them.

Engines pass every event through it before the sinks, sinks before each delivery, ingesters before the event store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec
import structlog

from pipeline.domain.alert_names import ABOUT_PLATES
from pipeline.domain.camera import Camera
from pipeline.domain.events import (
    ENGINE_ID,
    AlertEvent,
    BaseEvent,
    CountEvent,
    Event,
    HealthEvent,
    LineCountEvent,
    PlateReadEvent,
    TrackEvent,
    ZoneStateEvent,
)
from pipeline.errors import PolicyError
from pipeline.policy.event_texts import bounded_texts, wrong_text
from pipeline.policy.plausibility import why_implausible
from pipeline.policy.scope import why_no_plates, why_no_tracks

_log = structlog.get_logger(__name__)
_COMMON = frozenset({"event_id", "camera_id", "ts_ms", "schema_version"})
ALLOWED_FIELDS: Mapping[type[BaseEvent], frozenset[str]] = {
    PlateReadEvent: _COMMON
    | frozenset(
        "plate plate_key layout confidence votes vehicle stream_id track_id first_ts_ms x1 y1 x2 y2 frame".split()
    ),
    TrackEvent: _COMMON
    | frozenset("label stream_id track_id first_ts_ms frames path_px speed_px_s speed_m_s trajectory".split()),
    CountEvent: _COMMON | frozenset("label count stream_id".split()),
    LineCountEvent: _COMMON
    | frozenset("line direction label count stream_id areas speeds mean_m_s p85_m_s headway_s".split()),
    ZoneStateEvent: _COMMON
    | frozenset(
        "zone label occupancy occupancy_max queue queue_max seen_s stream_id areas density_m2 density_km".split()
    ),
    AlertEvent: _COMMON
    | frozenset(
        "rule severity subject detail stream_id incident phase first_ts_ms label track_id x1 y1 x2 y2 evidence "
        "figures".split()
    ),
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
    TRACKS = "tracks-not-allowed"
    LABEL = "label-not-allowed"
    TEXT = "text-not-allowed"
    VALUE = "value-not-plausible"
    ID = "id-of-another-event"
    AREA = "area-not-declared"
    ERASED = "erased"
    CLOCK = "in-the-future"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event may not leave.

    Attributes:
        rule: by which it is refused.
        reason: for people; quotes nothing of the event.
        event: the event as it may be retained, its texts bounded, where only its time is wrong; else None: nothing
            that it says may be retained.
    """

    rule: RefusalRule
    reason: str
    event: Event | None = None


WRONG_ID: Final = Refusal(
    RefusalRule.ID, "its id is not that of what it says: it would stand in the place of another event"
)
"""Of an event from a spool or a broker, see `pipeline.domain.event_identity`."""

Condition: TypeAlias = Callable[[Event], Refusal | None]
"""A further condition of a gate: why an event is refused, None when it may pass."""

KeepConflicts: TypeAlias = Callable[[Mapping[tuple[str, str], str]], None]
"""Stores the reason of each camera and twin whose plates are forbidden."""

Admission: TypeAlias = Callable[[Event], Event | Refusal]
"""Decides about one event: the event as it may be stored, its texts bounded, or the refusal."""


class Gate:
    """Decides for each event whether it may leave an engine, or enter an event store.

    Args:
        cameras: the registered cameras, by id.
        known: cameras that were declared before and are not registered now: their stored events are still judged by
            the declaration that held last.
        conditions: asked last, about every event that the rules let pass; what they raise is raised.
        subjects: what alerts may be about besides cameras, tables and rules: names of sinks.

    Raises:
        PolicyError: an event type has a field outside the allow-list.
    """

    def __init__(
        self,
        cameras: Mapping[str, Camera],
        known: Mapping[str, Camera] = MappingProxyType({}),
        conditions: Sequence[Condition] = (),
        subjects: Iterable[str] = (),
    ) -> None:
        check_schema()
        self._subjects = frozenset(subjects) | frozenset(RefusalRule)
        self.replaced_subjects = 0
        """Alerts whose subject was none of those known, and was replaced."""
        self._conditions = tuple(conditions)
        self._cameras = dict(cameras)
        self._known = {**known, **cameras}
        # Replaced as a whole, so that other threads read it without a lock.
        self._conflicts: Mapping[tuple[str, str], str] = {}
        self._keep: KeepConflicts = lambda _: None

    def declare(self, camera: Camera) -> None:
        """Let a camera's events pass from now on, by its declaration."""
        self._cameras[camera.camera_id] = camera
        before = self._known.get(camera.camera_id, camera)  # figures of areas that it had may wait to be delivered
        self._known[camera.camera_id] = replace(camera, areas=camera.areas | before.areas)

    def withdraw(self, camera_id: str) -> None:
        """Let no further event of a camera leave; those that are stored already may still be delivered."""
        self._cameras.pop(camera_id, None)

    def forbid_plates(self, camera_id: str, twin: str, reason: str) -> None:
        """Let no plate of a camera pass because of another one, whatever its declaration, until `permit_plates`."""
        self._conflicts = {**self._conflicts, (camera_id, twin): reason}
        self._keep(self._conflicts)

    def permit_plates(self, camera_id: str, twin: str) -> None:
        """Take back a `forbid_plates`; its declaration, and other conflicts, still hold."""
        self._conflicts = {pair: why for pair, why in self._conflicts.items() if pair != (camera_id, twin)}
        self._keep(self._conflicts)

    def remember_conflicts(self, found: Mapping[tuple[str, str], str], keep: KeepConflicts) -> None:
        """Take up the conflicts that an earlier run found, and hand every change to `keep`, which raises nothing."""
        self._conflicts, self._keep = dict(found), keep

    @property
    def conflicts(self) -> Mapping[tuple[str, str], str]:
        """Of each camera and twin of a `forbid_plates`, the reason."""
        return self._conflicts

    def knows(self, camera_id: str) -> bool:
        """Whether a camera is registered, or was declared before."""
        return camera_id in self._known

    def camera(self, camera_id: str) -> Camera | None:
        """A registered or known camera; None if it is neither."""
        return self._known.get(camera_id)

    def why_no_plates(self, camera_id: str) -> str:
        """The reason why a registered or known camera may not read plates; "" if it may, or is not known."""
        camera = self._known.get(camera_id)
        if camera is None:
            return ""
        conflicts = (why for (one, _), why in self._conflicts.items() if one == camera_id)
        return why_no_plates(camera) or next(conflicts, "")

    def why_no_tracks(self, camera_id: str) -> str:
        """The reason why no single track of a registered or known camera may leave; "" if it may, or is not known.

        A camera that shows the scene of one with sensitive surroundings is treated like it.
        """
        alike = (camera_id, *(twin for one, twin in self._conflicts if one == camera_id))
        cameras = (camera for one in alike if (camera := self._known.get(one)) is not None)
        return next((why for camera in cameras if (why := why_no_tracks(camera))), "")

    def why_declared_without_plates(self, camera_id: str) -> str:
        """The reason in a camera's declaration alone, as in `why_no_plates`."""
        camera = self._known.get(camera_id)
        return "" if camera is None else why_no_plates(camera)

    def without_plates(self) -> dict[str, str]:
        """All registered and known cameras whose plates may not be read, with the reason."""
        return {camera_id: why for camera_id in list(self._known) if (why := self.why_no_plates(camera_id))}

    def sensitive(self) -> frozenset[str]:
        """All registered and known cameras with sensitive surroundings, or that show the scene of one."""
        return frozenset(camera_id for camera_id in list(self._known) if self.why_no_tracks(camera_id))

    def admit(self, event: Event) -> Event | Refusal:
        """An `Admission` for events that an engine makes: only of registered cameras."""
        return self._decided(event, self._cameras)

    def admit_stored(self, event: Event) -> Event | Refusal:
        """An `Admission` for events that wait on disk: also of cameras that are no longer registered."""
        return self._decided(event, self._known)

    def refusal(self, event: Event) -> Refusal | None:
        """Why this event is refused; None when it may pass."""
        return self._refusal(event, self._cameras)

    def _decided(self, event: Event, cameras: Mapping[str, Camera]) -> Event | Refusal:
        refusal = self._refusal(event, cameras)
        if refusal is None:
            return self._bounded(event)
        return replace(refusal, event=self._bounded(event)) if refusal.rule is RefusalRule.CLOCK else refusal

    def _bounded(self, event: Event) -> Event:
        bounded = bounded_texts(event, self._is_subject)
        if getattr(bounded, "subject", "") != getattr(event, "subject", ""):
            self.replaced_subjects += 1
            if self.replaced_subjects in {1, 10, 100, 1000} or self.replaced_subjects % 10_000 == 0:
                _log.warning("alert_subjects_replaced", camera=event.camera_id, alerts=self.replaced_subjects)
        return bounded

    def _is_subject(self, subject: str) -> bool:
        return subject in self._subjects or self.knows(subject)

    def _refusal(self, event: Event, cameras: Mapping[str, Camera]) -> Refusal | None:
        if type(event) not in ALLOWED_FIELDS:
            return Refusal(RefusalRule.KIND, f"events of type {type(event).__name__} are not on the allow-list")
        is_own = isinstance(event, AlertEvent) and event.camera_id == ENGINE_ID
        if not is_own and event.camera_id not in cameras:
            return Refusal(RefusalRule.CAMERA, "its camera is not declared in the configuration")
        if _is_about_a_plate(event) and (why := self.why_no_plates(event.camera_id)):
            return Refusal(RefusalRule.PLATES, why)
        if _is_of_track(event) and (why := self.why_no_tracks(event.camera_id)):
            return Refusal(RefusalRule.TRACKS, why)
        if wrong := _wrong_content(event) or _wrong_area(event, cameras):
            return wrong
        found = [refusal for condition in self._conditions if (refusal := condition(event))]
        # What may be retained although its time is wrong passed all other conditions.
        return min(found, key=lambda refusal: refusal.rule is RefusalRule.CLOCK, default=None)


def _is_of_track(event: Event) -> bool:
    """Whether an event is about a single track: its summary, or an alert that leads to one."""
    if isinstance(event, AlertEvent):
        return bool(event.track_id or event.evidence or event.x2 or event.y2)
    return isinstance(event, TrackEvent)


def _is_about_a_plate(event: Event) -> bool:
    """Whether it says that a plate was read, or follows from that."""
    return isinstance(event, PlateReadEvent) or (isinstance(event, AlertEvent) and event.rule in ABOUT_PLATES)


def _wrong_area(event: Event, cameras: Mapping[str, Camera]) -> Refusal | None:
    """Why a figure is refused that names no declared area of its camera: such a name could be any text."""
    if isinstance(event, ZoneStateEvent):
        declared = event.zone in cameras[event.camera_id].areas.zones
    elif isinstance(event, LineCountEvent):
        areas = cameras[event.camera_id].areas
        declared = event.line in areas.lines and event.direction in areas.directions
    else:
        return None
    if declared:
        return None
    return Refusal(RefusalRule.AREA, "its line, direction or zone is not declared for its camera")


def _wrong_content(event: Event) -> Refusal | None:
    """Why no event may have these texts and values, whatever its camera."""
    wrong = wrong_text(event)
    if wrong in {"label", "vehicle"}:
        return Refusal(RefusalRule.LABEL, "its label is none of those that may be stored (decree 18.743/2014 art. 12)")
    if wrong:
        return Refusal(RefusalRule.TEXT, f"its {wrong} is none of the texts that an event may hold")
    implausible = why_implausible(event)
    return Refusal(RefusalRule.VALUE, implausible) if implausible else None
