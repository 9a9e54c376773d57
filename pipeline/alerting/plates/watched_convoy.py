"""Vehicles that travel with one that is on a hot-list."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.alerting.plates.vehicle_finding import VehicleFinding, is_sure, read_alert
from pipeline.alerting.settings import ConvoySettings
from pipeline.domain.alert_figures import Figure, decode_figures
from pipeline.domain.events import AlertEvent, AlertRule, PlateReadEvent, Severity
from pipeline.domain.route import GeoPoint

_LATE_MS: Final = 120_000
"""A read may come so long after the alert of the vehicle beside it: it is an event when its track ends."""
_MOST_READS: Final = 5_000
_MOST_PASSAGES: Final = 1_000
_MOST_COMPANIONS: Final = 20_000


@dataclass(slots=True)
class _Companion:
    """Reads of a vehicle near a watched one: the newest at each camera, with its time."""

    reads: dict[str, tuple[int, str]] = field(default_factory=dict)

    def span_ms(self) -> int:
        times = [ts_ms for ts_ms, _ in self.reads.values()]
        return max(times) - min(times)


class WatchedConvoy:
    """A vehicle that is read within seconds of a listed one, at several cameras and over some minutes.

    Sees: escorts, and vehicles that follow. Who drives in one platoon along an avenue is together at all of its cameras
    too: the least time between the first and the last meeting leaves most of them out.

    Misses: companions whose plate is not read, or that keep more than some seconds away.

    Args:
        settings: of convoys.
    """

    rule: Final = AlertRule.WATCHED_CONVOY

    def __init__(self, settings: ConvoySettings | None = None) -> None:
        self._settings = settings or ConvoySettings()
        self._reads: deque[PlateReadEvent] = deque(maxlen=_MOST_READS)
        self._passages: deque[AlertEvent] = deque(maxlen=_MOST_PASSAGES)
        self._companions: dict[tuple[int, str], _Companion] = {}

    def observe(
        self,
        event: PlateReadEvent | AlertEvent,
        places: Mapping[str, GeoPoint],  # noqa: ARG002 - of the protocol
    ) -> Iterator[VehicleFinding]:
        """See `pipeline.alerting.plates.vehicle_finding.PlateRule`."""
        if isinstance(event, PlateReadEvent):
            if not is_sure(event):
                return
            self._reads.append(event)
            _forget(self._reads, event.ts_ms - _LATE_MS)
            for passage in self._passages:
                yield from self._meet(event, passage)
        elif event.rule == AlertRule.LISTED_PLATE.value and event.track_id:
            self._passages.append(event)
            _forget(self._passages, event.ts_ms - _LATE_MS)
            for read in self._reads:
                yield from self._meet(read, event)

    def _meet(self, read: PlateReadEvent, passage: AlertEvent) -> Iterator[VehicleFinding]:
        if read.camera_id != passage.camera_id or (read.stream_id, read.track_id) == _track(passage):
            return
        within_ms = round(self._settings.within_s * 1000)
        if read.ts_ms < passage.began_ms - within_ms or read.first_ts_ms > passage.ts_ms + within_ms:
            return
        entry = round(decode_figures(passage.figures).get(Figure.ENTRY, 0))
        companion = self._companion((entry, read.plate_key), read.ts_ms)
        is_new = read.camera_id not in companion.reads
        companion.reads[read.camera_id] = read.ts_ms, str(read.event_id)
        if not is_new or len(companion.reads) < self._settings.cameras:
            return
        if companion.span_ms() < self._settings.span_s * 1000:
            return
        figures = {Figure.ENTRY: entry, Figure.MEETINGS: len(companion.reads)}
        evidence = " ".join(event_id for _, event_id in sorted(companion.reads.values())[-16:])
        alert = read_alert(self.rule, Severity.WARNING, read, figures, evidence)
        yield VehicleFinding((self.rule, entry, read.plate_key), alert)

    def _companion(self, key: tuple[int, str], now_ms: int) -> _Companion:
        """What is known of a companion, without meetings long ago; the one that was met longest ago is forgotten."""
        companion = self._companions.pop(key, _Companion())
        oldest_ms = now_ms - round(self._settings.remembered_s * 1000)
        companion.reads = {camera: met for camera, met in companion.reads.items() if met[0] >= oldest_ms}
        self._companions[key] = companion
        while len(self._companions) > _MOST_COMPANIONS or self._is_old(next(iter(self._companions)), oldest_ms):
            del self._companions[next(iter(self._companions))]
        return companion

    def _is_old(self, key: tuple[int, str], oldest_ms: int) -> bool:
        reads = self._companions[key].reads.values()
        return bool(reads) and max(ts_ms for ts_ms, _ in reads) < oldest_ms


def _track(alert: AlertEvent) -> tuple[str, int]:
    return alert.stream_id, alert.track_id


def _forget(events: deque[PlateReadEvent] | deque[AlertEvent], oldest_ms: int) -> None:
    while events and events[0].ts_ms < oldest_ms:
        events.popleft()
