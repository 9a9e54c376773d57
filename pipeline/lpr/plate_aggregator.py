"""Plates of one camera session: which crops to read, which vehicle they belong to, and the voted result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Tracks
from pipeline.domain.frame import BgrImage, Frame
from pipeline.domain.labels import PLATED_VEHICLES, Label
from pipeline.domain.plate import PlateRead, may_be_plate
from pipeline.domain.plate_watch import VotedCharacters
from pipeline.domain.ports import CharacterProbabilities
from pipeline.lpr.plate_crops import Quality, plate_crop, sharpness_of, touches_border
from pipeline.lpr.plate_place import Area, PlatePlace, inside, vehicles_around
from pipeline.lpr.plate_vote import PlateObservation, PlateVote, Reading
from pipeline.lpr.settings import LprSettings

_FloatBox = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class ReadablePlate:
    """A plate in one frame that is large and sharp enough to be read.

    Attributes:
        track_id: the vehicle's track, or the plate's own where no vehicle was found around it.
        frame, ts_ms: index and time of the frame.
        box: xyxy of the plate, pixels of the image.
        crop: its pixels with a margin.
        quality: legibility of the crop.
    """

    track_id: int
    frame: int
    ts_ms: int
    box: _FloatBox
    crop: BgrImage
    quality: Quality


@dataclass(frozen=True, slots=True)
class VotedPlate:
    """A plate, voted over a track.

    Attributes:
        read: text, layout, confidence, votes.
        track_id: as in `ReadablePlate`; vehicle: label of that vehicle, or None.
        first_ts_ms, last_ts_ms: time of the plate's first and last observation.
        best_box, best_frame: box (xyxy, pixels of the image) and frame of the best crop.
        characters: of the vote, for lists of searched plates.
    """

    read: PlateRead
    track_id: int
    vehicle: Label | None
    first_ts_ms: int
    last_ts_ms: int
    best_box: _FloatBox
    best_frame: int
    characters: VotedCharacters


@dataclass(eq=False)
class _PlateRecord:
    """State of one vehicle's plate; `members` are the track ids that belong to it."""

    track_id: int
    first_ts_ms: int
    last_ts_ms: int
    vehicle: Label | None = None
    members: set[int] = field(default_factory=set)
    vote: PlateVote = field(default_factory=PlateVote)
    place: PlatePlace = field(default_factory=PlatePlace)
    reported: set[str] = field(default_factory=set)
    last_read_ms: int = -(10**15)


class PlateAggregator:
    """Plates of one session of one camera.

    A plate belongs to the smallest plated vehicle whose box holds its center; votes are counted per vehicle, because a
    plate's own track breaks more easily. A plate that was first seen alone joins the vehicle that is found around it
    later. A plate is final when the vehicle's track and all its plates' tracks have ended. Text in an implausible place
    (`plate_place`) is not reported.

    Args:
        settings: of plate reading.
        ignore: areas in which nothing is read.
    """

    def __init__(self, settings: LprSettings, ignore: Sequence[Area] = ()) -> None:
        self._settings = settings
        self._ignore = ignore
        self._implausible = 0
        self._records: dict[int, _PlateRecord] = {}
        self._record_of: dict[int, _PlateRecord] = {}
        self._readable: list[_PlateRecord] = []

    def select(self, frame: Frame, tracks: Tracks) -> list[ReadablePlate]:
        """The plates of this frame to be read."""
        vehicles = tracks.labeled(*PLATED_VEHICLES)
        plates = tracks.labeled(Label.PLATE)
        in_view = frozenset(int(number) for number in vehicles.ids)
        readable = []
        self._readable = []
        for box, plate_id in zip(plates.detections.boxes, plates.ids, strict=True):
            if inside(frame.image, box, self._ignore):
                continue
            vehicle = vehicle_around(box, vehicles)
            record = self._record(int(plate_id), vehicle, in_view, frame.ts_ms)
            record.last_ts_ms = frame.ts_ms
            record.place.observe(frame.image, box, frame.ts_ms, on_vehicle=vehicle is not None)
            if touches_border(frame.image, box, self._settings) or not self._due(record, frame.ts_ms):
                continue
            height = float(box[3] - box[1])
            if height < self._settings.min_height_px:
                continue
            crop = plate_crop(frame.image, box, self._settings)
            quality = Quality(height, sharpness_of(crop))
            if quality.sharpness >= self._settings.min_sharpness:
                record.last_read_ms = frame.ts_ms
                self._readable.append(record)
                x1, y1, x2, y2 = (float(v) for v in box)
                readable.append(
                    ReadablePlate(record.track_id, frame.index, frame.ts_ms, (x1, y1, x2, y2), crop, quality)
                )
        return readable

    @property
    def uncertain(self) -> bool:
        """Whether a plate of the newest frame can be read and is not certain."""
        return any(not (self._certain(record) or record.vote.exhausted) for record in self._readable)

    def add_reading(self, plate: ReadablePlate, probabilities: CharacterProbabilities) -> None:
        """Count the reader's output for a crop; ignored when its track has ended meanwhile."""
        record = self._record_of.get(plate.track_id)
        if record is None:
            return
        record.vote.add(probabilities, plate.quality.weight, PlateObservation(plate.ts_ms, plate.frame, plate.box))

    def finish(self, track_ids: Iterable[int]) -> list[VotedPlate]:
        """Plates of the vehicles whose tracks have all ended."""
        plates: list[VotedPlate] = []
        for track_id in sorted(track_ids):
            record = self._record_of.get(track_id)
            if record is None:
                continue
            record.members.discard(track_id)
            if not record.members:
                plates += self._finished(record)
        return plates

    def finish_all(self) -> list[VotedPlate]:
        """Plates of all vehicles still open."""
        return [plate for record in list(self._records.values()) for plate in self._finished(record)]

    def settled(self, ts_ms: int) -> list[VotedPlate]:
        """Certain plates of vehicles that stay in view, once each; `finish` returns only what is new since.

        Args:
            ts_ms: time of the newest frame.
        """
        delay_ms = self._settings.report_after_s * 1000
        return [
            plate
            for record in self._records.values()
            if not record.reported and ts_ms - record.first_ts_ms >= delay_ms and self._certain(record)
            for plate in self._unreported(record)
        ]

    def certain(self) -> list[VotedCharacters]:
        """Votes of the plates read in the newest frame that are certain, again with each reading."""
        return [
            _characters(record, reading)
            for record in self._readable
            if self._certain(record) and record.place.plausible
            for reading in self._reportable(record)[:1]
        ]

    def best_read(self, track_id: int) -> PlateRead | None:
        """The present best reading of a vehicle's or a plate's track."""
        record = self._record_of.get(track_id)
        return None if record is None else record.vote.best()

    @property
    def implausible(self) -> int:
        """Texts that were read and not reported, because no vehicle can be where they are."""
        return self._implausible

    def _finished(self, record: _PlateRecord) -> list[VotedPlate]:
        del self._records[record.track_id]
        for member in [key for key, value in self._record_of.items() if value is record]:
            del self._record_of[member]
        return self._unreported(record)

    def _unreported(self, record: _PlateRecord) -> list[VotedPlate]:
        """The record's plates that were not reported yet; they count as reported from now on."""
        readings = self._reportable(record)
        if readings and not record.place.plausible:
            self._implausible += not record.reported
            record.reported.update(reading.read.key for reading in readings)
            return []
        # A track with two plates passed from one car to another: each was there only while it was read.
        alone = len(readings) == 1
        fresh = [reading for reading in readings if reading.read.key not in record.reported]
        record.reported.update(reading.read.key for reading in fresh)
        return [
            VotedPlate(
                read=reading.read,
                track_id=record.track_id,
                vehicle=record.vehicle,
                first_ts_ms=record.first_ts_ms if alone else reading.first.ts_ms,
                last_ts_ms=record.last_ts_ms if alone else reading.last.ts_ms,
                best_box=reading.best.box,
                best_frame=reading.best.frame,
                characters=_characters(record, reading),
            )
            for reading in fresh
        ]

    def _reportable(self, record: _PlateRecord) -> list[Reading]:
        """The record's plates as they are reported, if they are in a plausible place, best supported first."""
        return [
            reading
            for reading in record.vote.plates(self._settings.min_votes)
            if reading.read.confidence >= self._settings.min_confidence
            and len(reading.read.text) >= self._settings.min_characters
            and may_be_plate(reading.read.text)
        ]

    def _record(
        self, plate_id: int, vehicle: tuple[int, Label] | None, in_view: frozenset[int], ts_ms: int
    ) -> _PlateRecord:
        """The record of a plate's track, created, or merged with its vehicle's, as needed."""
        record = self._record_of.get(plate_id)
        if record is None:
            known = self._record_of.get(vehicle[0]) if vehicle else None
            track_id = vehicle[0] if vehicle else plate_id
            record = known or _PlateRecord(track_id, ts_ms, ts_ms)
            self._bind(record, plate_id)
        if vehicle is None:
            return record
        vehicle_id, label = vehicle
        theirs = self._record_of.get(vehicle_id)
        if record.vehicle is None:
            record = self._adopt(record, vehicle_id, theirs)
        elif theirs is None and record.track_id not in in_view:
            # The vehicle's track broke, and a new one began around the same plate.
            self._bind(record, vehicle_id)
        if self._record_of.get(vehicle_id) is record:
            record.vehicle = label
        return record

    def _adopt(self, lone: _PlateRecord, vehicle_id: int, theirs: _PlateRecord | None) -> _PlateRecord:
        """Assign a plate without a vehicle to one, whose record is `theirs` if it has one."""
        if theirs is None or theirs is lone:
            self._records.pop(lone.track_id, None)
            lone.track_id = vehicle_id
            self._bind(lone, vehicle_id)
            return lone
        theirs.vote.merge(lone.vote)
        theirs.place.absorb(lone.place)
        theirs.first_ts_ms = min(theirs.first_ts_ms, lone.first_ts_ms)
        theirs.reported |= lone.reported
        del self._records[lone.track_id]
        for member in lone.members:
            self._bind(theirs, member)
        return theirs

    def _bind(self, record: _PlateRecord, track_id: int) -> None:
        self._records[record.track_id] = record
        self._record_of[track_id] = record
        record.members.add(track_id)

    def _due(self, record: _PlateRecord, ts_ms: int) -> bool:
        """Whether to read a plate now: not while it is certain and was read recently."""
        if ts_ms - record.last_read_ms >= self._settings.recheck_s * 1000:
            return True
        return not self._certain(record)

    def _certain(self, record: _PlateRecord) -> bool:
        if record.vote.votes < self._settings.certain_votes or not record.vote.steady:
            return False
        best = record.vote.best()
        return best is not None and best.confidence >= self._settings.certain_confidence


def _characters(record: _PlateRecord, reading: Reading) -> VotedCharacters:
    return VotedCharacters(
        seen=reading.seen,
        track_id=record.track_id,
        vehicle="" if record.vehicle is None else record.vehicle.word,
        first_ts_ms=reading.first.ts_ms,
        ts_ms=reading.last.ts_ms,
        box=reading.last.box,
    )


def vehicle_around(plate: npt.NDArray[np.float32], vehicles: Tracks) -> tuple[int, Label] | None:
    """Track and label of the smallest vehicle whose box holds the plate's center."""
    within = vehicles_around(plate, vehicles.detections.boxes)
    if not within.any():
        return None
    boxes = vehicles.detections.boxes
    area = np.where(within, (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.inf)
    chosen = int(area.argmin())
    return int(vehicles.ids[chosen]), Label(int(vehicles.detections.labels[chosen]))
