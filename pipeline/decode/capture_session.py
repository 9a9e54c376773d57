"""One unbroken take: from opening an address to its end, every decoded frame placed in time, counted and sampled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from pipeline.decode import source_monitor as states
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.frame_sampling import Sampler
from pipeline.decode.frame_timestamps import LiveTime, RecordedTime, Timeline, WallTime
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.media_files import IMAGE_SUFFIXES, find_media, read_image
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.session_id import clip_id, images_id
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_address import Address
from pipeline.decode.video_container import Decoded, VideoContainer
from pipeline.domain.frame import Frame
from pipeline.domain.ports import Clock
from pipeline.domain.recording import PacketTap
from pipeline.domain.video import EditableImage
from pipeline.errors import UnsupportedMedia

_MINUTE_MS = 60_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CaptureSession:
    """All that a take needs; the same for every take of a source.

    Attributes:
        camera_id: the camera.
        address: what to open.
        settings: of this room.
        analyze_fps: frames wanted per second, None for all.
        burner: its privacy masks.
        start_ms: wall-clock time of a file's first frame, None to look it up.
        clock: time.
        monitor: where frames and drops are counted.
        tap: gets a live stream's packets, None where nothing is recorded.
    """

    camera_id: str
    address: Address
    settings: DecodeSettings
    analyze_fps: float | None
    burner: MaskBurner
    start_ms: int | None
    clock: Clock
    monitor: states.Monitor
    tap: PacketTap | None = None

    def run(self, ticket: states.SourceSession, cancelled: threading.Event) -> Iterator[Frame]:
        """The wanted frames of one opening, until it ends or is cancelled.

        Raises:
            Exception: whatever went wrong; `faults.diagnose` knows what it means.
        """
        path = self.address.path
        if path is None:
            yield from self._stream(ticket, cancelled)
        elif path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
            yield from self._images(path, ticket, cancelled)
        else:
            yield from self._clip(path, ticket, cancelled)

    def _stream(self, ticket: states.SourceSession, cancelled: threading.Event) -> Iterator[Frame]:
        with self._opened_clip(ticket) as clip:
            stream_id = str(self.clock.wall_ms())
            self.monitor.opened(ticket, stream_id, clip.duration_s)
            placer = self._placer(ticket, stream_id, clip.step_s, LiveTime())
            yield from placer.frames(clip.frames(), cancelled)

    def _clip(self, path: Path, ticket: states.SourceSession, cancelled: threading.Event) -> Iterator[Frame]:
        if path.stat().st_size == 0:
            raise UnsupportedMedia(f"{self.camera_id} ({self.address.shown})", "is empty", "Copy it again")
        with self._opened_clip(ticket) as clip:
            stream_id = clip_id(path)
            self.monitor.opened(ticket, stream_id, clip.duration_s)
            start_ms = self.start_ms if self.start_ms is not None else clip.recorded_ms
            start_ms = start_ms if start_ms is not None else self._modified_ms(path)
            placer = self._placer(ticket, stream_id, clip.step_s, RecordedTime(start_ms))
            yield from placer.frames(clip.frames(), cancelled)

    def _images(self, path: Path, ticket: states.SourceSession, cancelled: threading.Event) -> Iterator[Frame]:
        paths = [media.path for media in find_media([path]) if not media.is_clip]
        if not paths:
            raise UnsupportedMedia(
                f"{self.camera_id} ({self.address.shown})", "holds clips but no image", "Name one clip per camera"
            )
        step_s = self.settings.image_step_s
        stream_id = images_id(paths)
        self.monitor.opened(ticket, stream_id, len(paths) * step_s)
        start_ms = self.start_ms if self.start_ms is not None else self._modified_ms(paths[0])
        placer = self._placer(ticket, stream_id, step_s, RecordedTime(start_ms))
        yield from placer.frames(self._read_images(paths, ticket), cancelled)

    def _read_images(self, paths: list[Path], ticket: states.SourceSession) -> Iterator[Decoded]:
        for number, path in enumerate(paths):
            try:
                image = read_image(path, max_px=self.settings.max_image_px)
            except UnsupportedMedia:
                if len(paths) == 1:
                    raise
                self.monitor.dropped(ticket, "corrupt")
                continue
            stamp_s = number * self.settings.image_step_s
            yield Decoded(stamp_s, image.width, image.height, self._masked(image))

    def _masked(self, image: EditableImage) -> Callable[[], EditableImage]:
        def make() -> EditableImage:
            if not self.burner:
                return image
            pixels = image.bgr().copy()
            self.burner.burn_image(pixels)
            return ArrayImage(pixels)

        return make

    def _modified_ms(self, path: Path) -> int:
        """A file's time of modification, for want of a better one: its whole minute.

        A copy has another one. Were it taken to the second, the copy's minutes would begin elsewhere in the video, and
        its counts would be other counts.
        """
        modified_ms = path.stat().st_mtime_ns // 1_000_000
        start_ms = modified_ms - modified_ms % _MINUTE_MS
        _log.warning(
            "time_from_modification",
            camera=self.camera_id,
            start_ms=start_ms,
            fix="Give the camera a start_time if times matter",
        )
        return start_ms

    def _opened_clip(self, ticket: states.SourceSession) -> VideoContainer:
        return VideoContainer(
            self.address,
            self.settings,
            FrameConverter(self.burner),
            on_corrupt=lambda: self.monitor.dropped(ticket, "corrupt"),
            tap=self.tap if self.address.live else None,
        )

    def _placer(self, ticket: states.SourceSession, stream_id: str, step_s: float, wall: WallTime) -> _Placer:
        timeline = Timeline(step_s, max(self.settings.max_gap_s, 2 * step_s))
        return _Placer(self, ticket, stream_id, timeline, wall, Sampler(self.analyze_fps))


@dataclass(frozen=True, slots=True)
class _Placer:
    """Turns decoded frames into frames of ours."""

    plan: CaptureSession
    ticket: states.SourceSession
    stream_id: str
    timeline: Timeline
    wall: WallTime
    sampler: Sampler

    def frames(self, decoded: Iterator[Decoded], cancelled: threading.Event) -> Iterator[Frame]:
        monitor, clock = self.plan.monitor, self.plan.clock
        for index, found in enumerate(decoded):
            if cancelled.is_set():
                return
            pts_s = self.timeline.place(found.stamp_s)
            ts_ms = self.wall.at(pts_s, clock.wall_ms())
            monitor.decoded(self.ticket, pts_s, found.width, found.height)
            if not self.sampler.wants(pts_s, self.timeline.step_s):
                monitor.dropped(self.ticket, "sampled")
                continue
            yield Frame(
                camera_id=self.plan.camera_id,
                stream_id=self.stream_id,
                index=index,
                pts_s=pts_s,
                ts_ms=ts_ms,
                arrived_s=clock.monotonic_s(),
                image=found.image(),
            )
