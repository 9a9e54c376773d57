"""Events for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import Final

import msgspec

from pipeline.domain.camera import AreaNames
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.event_writer import EventRecord
from pipeline.domain.events import (
    SCHEMA_VERSION,
    AlertEvent,
    CountEvent,
    Event,
    HealthEvent,
    IncidentPhase,
    Kind,
    LineCountEvent,
    PlateReadEvent,
    Severity,
    TrackEvent,
    ZoneStateEvent,
    encode,
)
from pipeline.domain.plate import layout_of, plate_key


def admit_all(event: Event) -> Event:
    """An `Admission` that refuses nothing, for tests that are not about the policy."""
    return event


START_MS = 1_790_000_000_000


def plate_read(
    number: int, *, camera: str = "cam-1", plate: str = "ABC1D23", ts_ms: int | None = None, confidence: float = 0.9134
) -> PlateReadEvent:
    """A read of a vehicle."""
    return identified(
        PlateReadEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=START_MS + number * 1000 if ts_ms is None else ts_ms,
            plate=plate,
            plate_key=plate_key(plate),
            layout=layout_of(plate),
            confidence=confidence,
            votes=3,
            vehicle="car",
            stream_id="7a4e",
            track_id=number,
            first_ts_ms=START_MS,
            x1=1.25,
            y1=2.5,
            x2=100.3,
            y2=30.0,
            frame=number,
        )
    )


class NewerRead(PlateReadEvent, frozen=True, kw_only=True, tag=Kind.PLATE_READ.value):
    """A read as a later version of the program may send it."""

    color: str = "red"
    dwell_s: float = 1.5


def newer_read(number: int) -> NewerRead:
    """A read of the next version, with two further fields."""
    fields = msgspec.structs.asdict(plate_read(number)) | {"schema_version": SCHEMA_VERSION + 1}
    return identified(NewerRead(**fields))


def track(number: int, *, camera: str = "cam-1", speed_m_s: float | None = None) -> TrackEvent:
    """A closed track."""
    return identified(
        TrackEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=START_MS + number * 1000,
            label="car",
            stream_id="7a4e",
            track_id=number,
            first_ts_ms=START_MS,
            frames=12,
            path_px=310.25,
            speed_px_s=88.1,
            speed_m_s=speed_m_s,
        )
    )


def count(number: int, *, camera: str = "cam-1") -> CountEvent:
    """Cars of a minute."""
    ts_ms = START_MS + number * 60_000
    return identified(
        CountEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=ts_ms,
            label="car",
            count=7,
            stream_id="7a4e",
        )
    )


AREAS: Final = AreaNames(frozenset({"lane-1"}), frozenset({"gantry"}), frozenset({"to-center", "to-suburb"}))
"""Of the cameras whose figures are below."""


def line_count(number: int, *, camera: str = "cam-1") -> LineCountEvent:
    """Cars of a minute across a line."""
    return identified(
        LineCountEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=START_MS + number * 60_000,
            line="gantry",
            direction="to-center",
            label="car",
            count=4,
            stream_id="7a4e",
            areas="0123456789ab",
            speeds="36 1;54 3",
            mean_m_s=13.75,
            p85_m_s=15.0,
            headway_s=12.5,
        )
    )


def zone_state(number: int, *, camera: str = "cam-1") -> ZoneStateEvent:
    """Cars of a minute in a zone."""
    return identified(
        ZoneStateEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=START_MS + number * 60_000,
            zone="lane-1",
            label="car",
            occupancy=1.5,
            occupancy_max=3,
            queue=0.5,
            queue_max=2,
            seen_s=60.0,
            stream_id="7a4e",
            areas="0123456789ab",
            density_m2=0.01,
            density_km=30.0,
        )
    )


def alert(number: int, *, camera: str = "cam-1") -> AlertEvent:
    """A camera that was lost."""
    return identified(
        AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=START_MS + number * 1000,
            rule="camera-lost",
            severity=Severity.WARNING,
            detail="no answer",
        )
    )


def incident_alert(number: int, *, camera: str = "cam-1", ts_ms: int | None = None) -> AlertEvent:
    """The begin of an incident, about the track of that number; it began ten seconds before."""
    ts_ms = START_MS + number * 1000 if ts_ms is None else ts_ms
    return identified(
        AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=ts_ms,
            rule="stopped-vehicle",
            severity=Severity.WARNING,
            stream_id="7a4e",
            incident=f"{number:024x}",
            phase=IncidentPhase.BEGUN,
            first_ts_ms=ts_ms - 10_000,
            label="car",
            track_id=number,
            x1=1.0,
            y1=2.0,
            x2=30.0,
            y2=40.0,
            evidence=str(plate_read(number).event_id),
            figures="seconds=20 limit=20",
        )
    )


def health(number: int, *, camera: str = "cam-1", state: str = "streaming", detail: str = "") -> HealthEvent:
    """A change of a camera's state."""
    return identified(
        HealthEvent(
            event_id=UNIDENTIFIED,
            camera_id=camera,
            ts_ms=START_MS + number * 1000,
            state=state,
            detail=detail,
        )
    )


def one_of_each(number: int = 1) -> list[Event]:
    """An event of every kind."""
    return [
        plate_read(number),
        track(number, speed_m_s=11.5),
        count(number),
        line_count(number),
        zone_state(number),
        alert(number),
        health(number, detail="it's off: no frame within 5 s"),
    ]


def records(events: Sequence[Event]) -> list[EventRecord]:
    """The events as a spool gives them to a writer."""
    return [EventRecord(event, encode(event)) for event in events]


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Return when `condition` holds; fail when it never does."""
    until = monotonic() + timeout_s
    while not condition():
        assert monotonic() < until, "it did not happen in time"
        sleep(0.02)
