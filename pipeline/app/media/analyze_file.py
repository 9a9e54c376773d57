"""Objects and plates in image and video files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.lazy_images import turned
from pipeline.decode.media_files import MediaFile, other_content, read_further_frames, read_image
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_tracker
from pipeline.detect.scene_cut import SceneCutDetector
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections
from pipeline.domain.events import Event, PlateReadEvent
from pipeline.domain.frame import Frame, Image
from pipeline.domain.labels import PLATED_VEHICLES, Label
from pipeline.domain.plate import PlateRead
from pipeline.domain.ports import Detector, PlateReader
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.frame_analyzer import FrameAnalyzer
from pipeline.errors import UnsupportedMedia
from pipeline.lpr.plate_crops import plate_crop
from pipeline.lpr.plate_observer import PlateObserver
from pipeline.lpr.plate_place import plausible_in_image
from pipeline.lpr.plate_syntax import decode
from pipeline.lpr.settings import LprSettings
from pipeline.observe.stage_timing import StageClock
from pipeline.record.known_recordings import KnownRecordings
from pipeline.record.recorded_declaration import recorded_view


class ObjectRow(NamedTuple):
    """One object of one frame; pixels of the stored image. `label` is the CSV column ``class``."""

    file: str
    frame: int
    label: str
    confidence: float
    x1: float
    y1: float
    x2: float
    y2: float


class PlateRow(NamedTuple):
    """One plate; of a video the voted plate of a vehicle's track, with its best frame."""

    file: str
    frame: int
    plate: str
    layout: str
    confidence: float
    x1: float
    y1: float
    x2: float
    y2: float


def ignore_parts(path: Path, parts: Sequence[str]) -> None:
    """Does nothing with what was not read."""


def _ignore_position(share: float) -> None:
    pass


_FRAMES_PER_REPORT: Final = 8


@dataclass(frozen=True, slots=True)
class FileDecoding:
    """How files are decoded.

    Attributes:
        settings: of decoding.
        analyze_fps: frames of a video to analyze per second; all when None.
        options: video track and rotation.
        most_frames: number of frames after which to stop; None for the whole file.
        on_not_read: receives what a file holds besides what was analyzed, in words.
        on_position: receives the share of a video that was analyzed, 0 to 1, now and then.
        known: recorded video that files are compared with.
    """

    settings: DecodeSettings = field(default_factory=DecodeSettings)
    analyze_fps: float | None = None
    options: InputOptions = DEFAULT_INPUT
    most_frames: int | None = None
    on_not_read: Callable[[Path, Sequence[str]], None] = ignore_parts
    on_position: Callable[[float], None] = _ignore_position
    known: KnownRecordings = field(default_factory=KnownRecordings)


def detect_file(media: MediaFile, detector: Detector, decoding: FileDecoding) -> Iterator[ObjectRow]:
    """Objects of every frame of an image or a video, frame by frame.

    Raises:
        SourceError: the file cannot be decoded.
    """
    for index, _, detections in _detected(media, detector, decoding):
        for box, score, label in detections:
            yield ObjectRow(str(media.path), index, label.word, round(score, 4), *_pixels(box))


def read_plate_image(
    media: MediaFile, reader: PlateReader, settings: LprSettings, decoding: FileDecoding
) -> Iterator[PlateRow]:
    """The plate in an image that shows nothing else, as ANPR cameras deliver them; its box is the whole image.

    Raises:
        SourceError: the file cannot be decoded.
        UnsupportedMedia: it is a video.
    """
    if media.is_clip:
        raise UnsupportedMedia(str(media.path), "is a video, not an image of a plate", "Read it without --crops")
    for index, image in _images(media, decoding):
        read = decode(reader.read([image.bgr()])[0])
        if read is not None and len(read.text) >= settings.min_characters:
            yield _row(media.path, index, read, (0, 0, image.width, image.height))


class PlateFiles:
    """Reads the plates in images and videos.

    Args:
        detector, reader: the networks.
        settings: of plate reading.
        decoding: of the files.
    """

    def __init__(
        self,
        detector: Detector,
        reader: PlateReader,
        settings: LprSettings,
        decoding: FileDecoding,
    ) -> None:
        self._detector = detector
        self._reader = reader
        self._settings = settings
        self._decoding = decoding
        self._observers: list[PlateObserver] = []
        self._implausible = 0

    @property
    def implausible(self) -> int:
        """Texts read so far and not reported, because no vehicle can be where they are."""
        return self._implausible + sum(observer.implausible for observer in self._observers)

    def single(self, media: MediaFile) -> Iterator[PlateRow]:
        """Every reading of every frame.

        Raises:
            SourceError: the file cannot be decoded.
        """
        for index, image, detections in _detected(media, self._detector, self._decoding):
            yield from self._read_frame(media.path, index, image, detections)

    def _read_frame(self, path: Path, index: int, image: Image, detections: Detections) -> Iterator[PlateRow]:
        plates = self._plausible(image, detections)
        if not len(plates):
            return
        crops = [plate_crop(image, box, self._settings) for box in plates.boxes]
        for box, seen in zip(plates.boxes, self._reader.read(crops), strict=True):
            read = decode(seen)
            if read is not None and len(read.text) >= self._settings.min_characters:
                yield _row(path, index, read, box)

    def voted(self, media: MediaFile) -> Iterator[PlateRow]:
        """One row per vehicle track of a video, its plate voted over the frames; for an image the same as `single`.

        A video's frames take the same way as a camera's in `viapublica run`, with the plate observer alone.

        Raises:
            SourceError: the file cannot be decoded.
        """
        if not media.is_clip:
            yield from self.single(media)
            return
        analyzer = FrameAnalyzer(self._detector, self._reader, self._new_stream, StageClock())
        with closing(_frames(media, self._decoding)) as decoded:
            first = list(islice(decoded, 2))
            if _is_alone(first):
                # No track can begin in it; every later frame of this kind confirms its tracks by itself.
                (frame, *first) = first
                found = self._detector.detect([frame.image])[0]
                yield from self._read_frame(media.path, frame.index, frame.image, found)
            frames = chain(first, decoded)
            while batch := list(islice(frames, self._detector.batch_size)):
                yield from _plate_rows(media.path, analyzer.analyze(batch))
        yield from _plate_rows(media.path, analyzer.close_all())

    def _plausible(self, image: Image, detections: Detections) -> Detections:
        vehicles, plates = detections.labeled(*PLATED_VEHICLES).boxes, detections.labeled(Label.PLATE)
        plausible = np.array([plausible_in_image(image, box, vehicles) for box in plates.boxes], bool)
        self._implausible += int((~plausible).sum())
        return plates.select(plausible)

    def _new_stream(self, first: Frame) -> CameraStream:
        tracker = build_tracker(TrackSettings())
        self._observers.append(PlateObserver(first.camera_id, first.stream_id, self._settings))
        return CameraStream(first.stream_id, tracker, self._observers[-1:])


def _frames(media: MediaFile, decoding: FileDecoding) -> Generator[Frame, None, None]:
    view = recorded_view(media.path, is_clip=True, known=decoding.known)
    options = decoding.options if view is None else replace(decoding.options, rotate=view.rotate)
    source = open_source(
        media.path.name,
        str(media.path),
        settings=decoding.settings,
        analyze_fps=decoding.analyze_fps,
        masks=() if view is None else view.masks,
        start_ms=0,  # Rows have no time of day, so the source need not derive one.
        options=replace(options, ends=True),
    )
    try:
        for number, frame in enumerate(source.frames()):
            if number % _FRAMES_PER_REPORT == 0 and (duration_s := source.status().duration_s):
                decoding.on_position(min(1.0, frame.pts_s / duration_s))
            yield frame
        if parts := source.status().not_read:
            decoding.on_not_read(media.path, parts)
    finally:
        source.stop()


def _is_alone(first: Sequence[Frame]) -> bool:
    """Whether the first of (at most) two frames shows what no other does: a slow video, a cut, a single frame."""
    if len(first) < 2:
        return len(first) == 1
    cuts = SceneCutDetector()
    cuts.is_cut(first[0].image)
    gap_s = (first[1].ts_ms - first[0].ts_ms) / 1000
    return gap_s > TrackSettings().lost_s or cuts.is_cut(first[1].image)


def _images(media: MediaFile, decoding: FileDecoding) -> Iterator[tuple[int, Image]]:
    """Frames of an image file: usually one."""
    max_px = decoding.settings.max_image_px
    frames = chain([read_image(media.path, max_px=max_px)], read_further_frames(media.path, max_px=max_px))
    for index, image in enumerate(frames):
        yield index, turned(image, decoding.options.turns)
    if parts := other_content(media.path, max_px=max_px):
        decoding.on_not_read(media.path, parts)


def _detected(media: MediaFile, detector: Detector, decoding: FileDecoding) -> Iterator[tuple[int, Image, Detections]]:
    with closing(_numbered(media, decoding)) as frames:  # also when the network fails: its traceback keeps them open
        some = islice(frames, decoding.most_frames)
        while batch := list(islice(some, detector.batch_size)):
            found = detector.detect([image for _, image in batch])
            for (index, image), detections in zip(batch, found, strict=True):
                yield index, image, detections


def _numbered(media: MediaFile, decoding: FileDecoding) -> Generator[tuple[int, Image], None, None]:
    if media.is_clip:
        with closing(_frames(media, decoding)) as frames:
            for frame in frames:
                yield frame.index, frame.image
    else:
        yield from _images(media, decoding)


def _plate_rows(path: Path, events: Iterable[Event]) -> Iterator[PlateRow]:
    for event in events:
        if isinstance(event, PlateReadEvent):
            box = event.x1, event.y1, event.x2, event.y2
            yield PlateRow(str(path), event.frame, event.plate, event.layout.value, event.confidence, *box)


def _row(path: Path, frame: int, read: PlateRead, box: Iterable[float]) -> PlateRow:
    return PlateRow(str(path), frame, read.text, read.layout.value, round(read.confidence, 4), *_pixels(box))


def _pixels(box: Iterable[float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(float(v), 1) for v in box)
    return x1, y1, x2, y2
