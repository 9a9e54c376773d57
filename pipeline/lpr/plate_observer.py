"""Plate reads of one camera session as events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

import structlog

from pipeline.domain.detections import Tracks
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import Event, PlateReadEvent
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.plate_watch import PlateWatch, VotedCharacters
from pipeline.domain.ports import OcrRequest
from pipeline.lpr.plate_aggregator import PlateAggregator, VotedPlate
from pipeline.lpr.plate_place import Area
from pipeline.lpr.settings import LprSettings

_log = structlog.get_logger(__name__)

_REMEMBERED_TRACKS: Final = 4096
"""Tracks whose number of events is remembered; far more than are ever in view, few enough for endless streams."""


class PlateObserver:
    """Implements `pipeline.domain.ports.TrackObserver`: one event per plate of a vehicle, voted over its track.

    Args:
        camera_id, stream_id: camera and session.
        settings: of plate reading.
        ignore: areas of the image in which nothing is read.
        watch: compares votes with lists of searched plates, as soon as they are certain; None for no lists.
    """

    def __init__(
        self,
        camera_id: str,
        stream_id: str,
        settings: LprSettings,
        ignore: Sequence[Area] = (),
        watch: PlateWatch | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._stream_id = stream_id
        self._plates = PlateAggregator(settings, ignore)
        self._watch = watch
        self._in_view = Tracks.empty().ids
        self._sequences: dict[int, int] = {}

    def observe(self, frame: Frame, tracks: Tracks) -> Sequence[OcrRequest]:
        """See the protocol; returns the crops that are large, sharp and new enough to be read."""
        self._in_view = tracks.ids
        return [
            OcrRequest(plate.crop, partial(self._plates.add_reading, plate))
            for plate in self._plates.select(frame, tracks)
        ]

    def needs_next(self) -> FrameDecision | None:
        """See the protocol; a plate of the newest frame can be read and is not certain."""
        return FrameDecision.PLATE if self._plates.uncertain else None

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:
        """See the protocol; plates of ended tracks, and certain plates of vehicles that stay in view."""
        alerts = [] if self._watch is None else self._alerts(self._plates.certain())
        return [*alerts, *self._events([*self._plates.finish(ended), *self._plates.settled(ts_ms)])]

    def close(self) -> Sequence[Event]:
        """See the protocol."""
        events = self._events(self._plates.finish_all())
        if self._plates.implausible:
            _log.info("texts_without_vehicle", camera_id=self._camera_id, count=self._plates.implausible)
        return events

    @property
    def implausible(self) -> int:
        """Texts read and not reported, because no vehicle can be where they are."""
        return self._plates.implausible

    def captions(self) -> Mapping[int, str]:
        """See the protocol; the present best reading of each track."""
        reads = {track_id: self._plates.best_read(track_id) for track_id in self._in_view.tolist()}
        return {track_id: read.text for track_id, read in reads.items() if read is not None}

    def _events(self, plates: Sequence[VotedPlate]) -> list[Event]:
        return [*map(self._event, plates), *self._alerts([plate.characters for plate in plates])]

    def _alerts(self, votes: Sequence[VotedCharacters]) -> list[Event]:
        """Of plates that are searched for."""
        return [] if self._watch is None else [alert for voted in votes for alert in self._watch.check(voted)]

    def _event(self, plate: VotedPlate) -> PlateReadEvent:
        x1, y1, x2, y2 = (round(float(v), 1) for v in plate.best_box)
        read = PlateReadEvent(
            event_id=UNIDENTIFIED,
            camera_id=self._camera_id,
            ts_ms=plate.last_ts_ms,
            plate=plate.read.text,
            plate_key=plate.read.key,
            layout=plate.read.layout,
            confidence=round(plate.read.confidence, 4),
            votes=plate.read.votes,
            vehicle="" if plate.vehicle is None else plate.vehicle.word,
            stream_id=self._stream_id,
            track_id=plate.track_id,
            first_ts_ms=plate.first_ts_ms,
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            frame=plate.best_frame,
        )
        return identified(read, self._sequence(plate.track_id))

    def _sequence(self, track_id: int) -> int:
        """How many events this track has had before this one."""
        sequence = self._sequences.get(track_id, 0)
        self._sequences[track_id] = sequence + 1
        if len(self._sequences) > _REMEMBERED_TRACKS:
            del self._sequences[next(iter(self._sequences))]
        return sequence
