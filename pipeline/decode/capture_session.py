"""One session of a source: from opening its address to its end, every decoded frame placed in time and sampled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from pipeline.decode.arrival_timestamps import UNRELIABLE_DETAIL, UNRELIABLE_TIMESTAMPS
from pipeline.decode.cancellation import Cancellation
from pipeline.decode.decode_timer import DecodeTimer, OnDecoded
from pipeline.decode.frame_conversion import FrameConverter, NewPlanes
from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.frame_sampling import FrameSelection, RateLimit
from pipeline.decode.frame_timestamps import LiveTime, RecordedTime, Timeline, WallTime
from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.key_frame_decoding import KeyFrameDecoding
from pipeline.decode.lazy_images import masked, new_planes, turned
from pipeline.decode.media_files import IMAGE_SUFFIXES, find_media, read_image
from pipeline.decode.playlist_segments import PlaylistSegments, wait_of
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.session_id import clip_id, images_id
from pipeline.decode.settings import DecodeSettings, Protocol
from pipeline.decode.source_address import SourceAddress
from pipeline.decode.source_monitor import SessionToken, SourceMonitor
from pipeline.decode.video_container import DecodedFrame, VideoContainer
from pipeline.domain.frame import Frame
from pipeline.domain.ports import CORRUPT, Clock
from pipeline.domain.recording import PacketTap
from pipeline.domain.times import MINUTE_MS
from pipeline.domain.video import EditableImage
from pipeline.errors import UnsupportedMedia

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CaptureSetup:
    """Everything that all sessions of a source have in common.

    Attributes:
        camera_id: the camera.
        address: what to open.
        settings: of decoding.
        analyze_fps: frames wanted per second, None for all.
        burner: its privacy masks.
        start_ms: wall-clock time of a file's first frame, None to derive it from the file.
        clock: time.
        monitor: counts frames and drops.
        on_decoded: receives the decoding time of each frame.
        tap: receives a live stream's packets, None where nothing is recorded.
        limit: lowers the rate of a live source while the machine is overloaded.
        options: video track, rotation and network.
        memory: for the frames of all cameras, None without a limit in sum.
        new_planes: makes the planes of its images.
    """

    camera_id: str
    address: SourceAddress
    settings: DecodeSettings
    analyze_fps: float | None
    burner: MaskBurner
    start_ms: int | None
    clock: Clock
    monitor: SourceMonitor
    on_decoded: OnDecoded
    limit: RateLimit
    tap: PacketTap | None = None
    options: InputOptions = DEFAULT_INPUT
    memory: FrameMemory | None = None
    new_planes: NewPlanes = new_planes


class CaptureSession:
    """One opening of a source; used by one thread.

    Args:
        setup: see there.
        token: identifies this session to the monitor.
        cancelled: ends the session soon after it is set.
    """

    def __init__(self, setup: CaptureSetup, token: SessionToken, cancelled: Cancellation) -> None:
        self._setup = setup
        self._token = token
        self._cancelled = cancelled
        self._timer = DecodeTimer()
        self._selection = FrameSelection(setup.analyze_fps, setup.limit)
        self._timeline = Timeline(0.04, setup.settings.max_gap_s)
        self._key_frames: KeyFrameDecoding | None = None
        self._segments = PlaylistSegments(setup.monitor.segments_read, self._segment_read)

    def frames(self) -> Iterator[Frame]:
        """The wanted frames, until the source ends or the session is cancelled.

        Raises:
            Exception: anything that went wrong; `ffmpeg_errors.diagnose` translates it.
        """
        path = self._setup.address.path
        if path is None:
            return self._stream_frames()
        if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
            return self._image_frames(path)
        return self._file_frames(path)

    def _stream_frames(self) -> Iterator[Frame]:
        with self._open_container() as container:
            stream_id = str(self._setup.clock.wall_ms())
            silence_s = wait_of(self._segments.target_s)
            self._setup.monitor.opened(self._token, stream_id, container.duration_s, silence_s)
            self._setup.monitor.not_read(self._token, container.not_read)
            yield from self._placed(container.frames(), stream_id, container.step_s, LiveTime())

    def _file_frames(self, path: Path) -> Iterator[Frame]:
        if path.stat().st_size == 0:
            raise UnsupportedMedia(
                f"{self._setup.camera_id} ({self._setup.address.shown})", "is empty", "Copy it again"
            )
        with self._open_container() as container:
            stream_id = clip_id(path)
            self._setup.monitor.opened(self._token, stream_id, container.duration_s)
            start_ms = self._setup.start_ms if self._setup.start_ms is not None else container.recorded_ms
            start_ms = start_ms if start_ms is not None else self._modified_ms(path)
            self._setup.monitor.not_read(self._token, container.not_read)
            yield from self._placed(container.frames(), stream_id, container.step_s, RecordedTime(start_ms))
            self._setup.monitor.not_read(self._token, container.not_read)

    def _image_frames(self, path: Path) -> Iterator[Frame]:
        paths = [media.path for media in find_media([path]) if not media.is_clip]
        if not paths:
            raise UnsupportedMedia(
                f"{self._setup.camera_id} ({self._setup.address.shown})",
                "contains videos but no image",
                "Name one video per camera",
            )
        step_s = self._setup.settings.image_step_s
        stream_id = images_id(paths)
        self._setup.monitor.opened(self._token, stream_id, len(paths) * step_s)
        start_ms = self._setup.start_ms if self._setup.start_ms is not None else self._modified_ms(paths[0])
        yield from self._placed(self._read_images(paths), stream_id, step_s, RecordedTime(start_ms))

    def _placed(
        self, decoded: Iterator[DecodedFrame], stream_id: str, step_s: float, wall: WallTime
    ) -> Iterator[Frame]:
        """Place decoded frames in time, drop those not wanted, convert the others."""
        setup, token = self._setup, self._token
        timeline = self._timeline = Timeline(step_s, max(setup.settings.max_gap_s, 2 * step_s))
        arrives = isinstance(wall, LiveTime) and not setup.monitor.duration_s
        for index, found in enumerate(decoded):
            if self._cancelled.is_set():
                return
            pts_s = timeline.place(found.stamp_s)
            ts_ms = wall.at(pts_s, setup.clock.wall_ms())
            setup.monitor.decoded(token, pts_s, found.width, found.height, damaged=found.damaged)
            scarce_s = 0.0 if self._key_frames is None else self._key_frames.only_every_s
            arrived_s = setup.clock.monotonic_s() if arrives else None
            if reason := self._selection.why_not(pts_s, timeline.step_s, arrived_s, scarce_s=scarce_s):
                setup.monitor.dropped(token, reason)
                setup.on_decoded(*self._timer.take())
                continue
            with self._timer:
                image = found.image()
            setup.on_decoded(*self._timer.take())
            yield Frame(
                camera_id=setup.camera_id,
                stream_id=stream_id,
                index=index,
                pts_s=pts_s,
                ts_ms=ts_ms,
                arrived_s=setup.clock.monotonic_s(),
                image=image,
                damaged=found.damaged,
            )

    def _segment_read(self, digest: str) -> None:
        if not self._cancelled.is_set():
            self._setup.monitor.segment_read(digest)

    def _skip(self, stamp_s: float | None) -> None:
        """Count a frame of a live stream that was not decoded."""
        pts_s = self._timeline.place(stamp_s)
        reason = self._selection.why_skipped(pts_s, self._timeline.step_s)
        self._setup.monitor.skipped(self._token, pts_s, reason)

    def _read_images(self, paths: list[Path]) -> Iterator[DecodedFrame]:
        for number, path in enumerate(paths):
            try:
                with self._timer:
                    image = turned(
                        read_image(path, max_px=self._setup.settings.max_image_px), self._setup.options.turns
                    )
            except UnsupportedMedia:
                if len(paths) == 1:
                    raise
                self._setup.monitor.dropped(self._token, CORRUPT)
                continue
            stamp_s = number * self._setup.settings.image_step_s
            yield DecodedFrame(stamp_s, image.width, image.height, self._masked(image))

    def _masked(self, image: EditableImage) -> Callable[[], EditableImage]:
        return lambda: masked(image, self._setup.burner)

    def _modified_ms(self, path: Path) -> int:
        """A file's time of modification, rounded down to the minute, as a fallback for its time of recording.

        A copy has another one. Taken to the second, the copy's minutes would begin elsewhere in the video, and its
        counts would be other counts.
        """
        modified_ms = path.stat().st_mtime_ns // 1_000_000
        start_ms = modified_ms - modified_ms % MINUTE_MS
        _log.warning(
            "time_from_modification",
            camera=self._setup.camera_id,
            start_ms=start_ms,
            fix="Give the camera a start_time if times matter",
        )
        return start_ms

    def _warn(self, event: str, **facts: Any) -> None:
        if event == UNRELIABLE_TIMESTAMPS:
            self._setup.monitor.note(self._token, UNRELIABLE_DETAIL)
        self._setup.monitor.warn_once(event, **facts)

    def _open_container(self) -> VideoContainer:
        setup = self._setup
        if setup.address.live:
            pulled = setup.address.protocol in (Protocol.HTTP, Protocol.HTTPS)
            self._key_frames = KeyFrameDecoding(setup.limit, self._skip, pulled=pulled)
        return VideoContainer(
            setup.address,
            setup.settings,
            FrameConverter(setup.burner, setup.options.turns, setup.new_planes),
            on_corrupt=lambda: setup.monitor.dropped(self._token, CORRUPT),
            timer=self._timer,
            tap=setup.tap if setup.address.live else None,
            options=setup.options,
            warn=self._warn,
            memory=setup.memory,
            cancelled=self._cancelled,
            key_frames=self._key_frames,
            segments=self._segments,
        )
