"""A video file or stream opened with PyAV: its video packets, decoded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

import av
import structlog
from av.codec.hwaccel import HWAccel
from av.stream import Discard
from av.video.reformatter import ColorRange

from pipeline.decode.allowed_formats import FILE_OPTIONS, HTTP_OPTIONS, STREAM_OPTIONS
from pipeline.decode.arrival_timestamps import ArrivalTimestamps
from pipeline.decode.cancellation import Cancellation
from pipeline.decode.container_opening import ContainerOpening
from pipeline.decode.decode_timer import DecodeTimer
from pipeline.decode.deinterlacer import Deinterlacer
from pipeline.decode.ffmpeg_errors import EncryptedVideo, ImageTooLarge, NoVideo, Silence, reason
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.key_frame_decoding import KeyFrameDecoding
from pipeline.decode.pixel_aspect import sample_aspect_of
from pipeline.decode.playlist_segments import PlaylistSegments, spread_packets
from pipeline.decode.received_packet import copied_packet
from pipeline.decode.settings import DecodeSettings, HardwareDecoder, Protocol
from pipeline.decode.source_address import SourceAddress
from pipeline.decode.video_tracks import VideoTracks
from pipeline.domain.recording import PacketSession, PacketTap
from pipeline.domain.video import EditableImage, Tags

_PROBE_US = 2_000_000
"""Of a live stream; FFmpeg's own 5 s would be spent on every reconnection to a camera whose audio it cannot probe."""
_FPS_PROBE_FRAMES = 4
"""Instead of 20, which take most of a second per connection; the timeline learns the step by itself."""
_GRACE_S = 1.0
"""FFmpeg's own read timeout comes this much after the watchdog's. When it strikes, FFmpeg hands out the half-read
packet as if it were a new one, and raises only the second time."""
_FALLBACK_FPS = 25
_UNSPECIFIED = 2
"""Number of "unspecified" in ITU-T H.273."""
_MAX_LOST_PACKETS = 20
"""In a row: when nothing is decodable for most of a second, that is no damage but another codec."""

_FORMATS = {Protocol.FILE: FILE_OPTIONS, Protocol.HTTP: HTTP_OPTIONS, Protocol.HTTPS: HTTP_OPTIONS}

_log = structlog.get_logger(__name__)


class _CodecChanged(Exception):
    """The stream goes on in another codec from this byte of the file."""

    def __init__(self, byte: int) -> None:
        super().__init__(byte)
        self.byte = byte


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A decoded frame whose image is converted only on demand.

    Attributes:
        stamp_s: its time in the stream in seconds, None when the stream gives none.
        width, height: pixels of the upright image.
        image: converts it; to be called before the next frame is requested.
        sample_aspect: width of one upright pixel over its height.
        damaged: parts of it are missing, or it is predicted from an image of which parts are missing.
    """

    stamp_s: float | None
    width: int
    height: int
    image: Callable[[], EditableImage]
    sample_aspect: Fraction = Fraction(1)
    damaged: bool = False


class VideoContainer:
    """A context manager around one open container.

    Args:
        address: what to open.
        settings: timeouts, limits, threads.
        converter: converts frames to images.
        on_corrupt: called once for every packet or frame that could not be decoded.
        timer: measures the time inside the decoder.
        tap: receives a copy of every video packet, before it is decoded.
        options: video track and network; rotation is the converter's.
        warn: receives warnings that would be the same at every connection.
        memory: that of all cameras' frames; None without a limit in sum.
        cancelled: ends `frames` at the next packet, even when none can be decoded.
        key_frames: selects the packets that are decoded; None for all.

    Raises (when entered):
        av.FFmpegError: FFmpeg cannot open it.
        NoVideo: it holds no video stream that can be decoded.
        ImageTooLarge: its images exceed the limit.
        FrameMemoryFull: there is no memory left for its images.
    """

    def __init__(
        self,
        address: SourceAddress,
        settings: DecodeSettings,
        converter: FrameConverter,
        *,
        on_corrupt: Callable[[], None],
        timer: DecodeTimer,
        tap: PacketTap | None = None,
        options: InputOptions = DEFAULT_INPUT,
        warn: Callable[..., None] = _log.warning,
        memory: FrameMemory | None = None,
        cancelled: Cancellation | None = None,
        key_frames: KeyFrameDecoding | None = None,
        segments: PlaylistSegments | None = None,
    ) -> None:
        self._address = address
        self._settings = settings
        self._converter = converter
        self._on_corrupt = on_corrupt
        self._timer = timer
        self._tap = tap
        self._track = options.track
        self._network = options.network
        self._warn = warn
        self._lease = None if memory is None else memory.lease()
        self._cancelled = cancelled or threading.Event()
        self._key_frames = key_frames
        self._segments = segments or PlaylistSegments()
        self._decoded_frames = 0
        self._at_end = False
        self._damaged = False
        self._recording: PacketSession | None = None
        self._resources = ExitStack()
        self._skipped = 0

    def __enter__(self) -> Self:
        self._container = self._open()
        self._resources.enter_context(self._container)
        try:
            self._stream = self._video_stream()
        except BaseException:
            self._close()
            raise
        if self._tap is not None:
            self._recording = self._tap.opened(self._stream, self.rate)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._recording is not None:
            why = f"the connection was lost: {reason(error)}" if isinstance(error, Exception) else "the stream ended"
            self._recording.closed(why)
        self._close()

    def _close(self) -> None:
        self._resources.close()
        if self._lease is not None:
            self._lease.release()

    @property
    def step_s(self) -> float:
        """The ordinary step between frames, in seconds."""
        return 1.0 / float(self.rate)

    @property
    def rate(self) -> Fraction:
        """Frames per second, according to the container."""
        rate = self._stream.average_rate or self._stream.guessed_rate or Fraction(_FALLBACK_FPS)
        return rate if 1 <= rate <= 1000 else Fraction(_FALLBACK_FPS)

    @property
    def time_base(self) -> Fraction:
        """Seconds of one step of the stream's clock."""
        return self._stream.time_base or Fraction(1, av.time_base)

    @property
    def tags(self) -> Tags:
        """Colors of the stream."""
        codec = self._stream.codec_context
        full_range = codec.color_range == ColorRange.JPEG or (codec.pix_fmt or "").startswith("yuvj")
        # RGB (0) becomes planes here; players guess the matrix of those by the height, as `Color.of` does.
        return Tags(codec.color_primaries, codec.color_trc, codec.colorspace or _UNSPECIFIED, full_range)

    @property
    def duration_s(self) -> float | None:
        """Length of the video in seconds where the container states it."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        return None if self._container.duration is None else self._container.duration / av.time_base

    @property
    def recorded_ms(self) -> int | None:
        """Start of the recording according to the container, milliseconds since 1970 UTC."""
        text = self._container.metadata.get("creation_time") or self._stream.metadata.get("creation_time")
        try:
            moment = datetime.fromisoformat(text or "")
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        # Recorders without a set clock write 1904 or 1970.
        return round(moment.timestamp() * 1000) if moment.year >= 2000 else None

    @property
    def tracks_left_out(self) -> tuple[str, ...]:
        """Video tracks besides the one that is decoded, in words."""
        return self._tracks.left_out()

    @property
    def hidden_frames(self) -> tuple[str, ...]:
        """Frames that an edit list hides, in words; known once `frames` has reached the end."""
        return self._tracks.hidden(self._decoded_frames) if self._at_end else ()

    @property
    def not_read(self) -> tuple[str, ...]:
        """Video in the container that `frames` does not return though it was not excluded by a choice, in words."""
        return (*(self.tracks_left_out if self._track is None else ()), *self.hidden_frames)

    def frames(self) -> Iterator[DecodedFrame]:
        """Every frame that can be decoded, in order of presentation.

        Raises:
            av.FFmpegError: the container cannot be read any further.
            EncryptedVideo: its packets are encrypted.
            NoVideo: nothing was decodable for a long time.
            ImageTooLarge: the images grew beyond the limit.
        """
        while True:
            try:
                yield from self._decode_stream()
            except _CodecChanged as change:
                self._reopen(change.byte)
            else:
                return

    def _decode_stream(self) -> Iterator[DecodedFrame]:
        lost: list[int] = []
        codec = self._stream.codec_context
        deinterlacer = Deinterlacer(codec.name, codec.field_order)
        timestamps = self._arrival_timestamps()
        for packet in spread_packets(self._container.demux(self._stream), self._segments, self._cancelled):
            if self._cancelled.is_set():
                return
            if packet.has_sidedata("encryption_info"):
                raise EncryptedVideo
            if timestamps is not None and packet.size:
                timestamps.correct(packet)
            masks_recording = self._recording is not None and self._recording.wants_frames
            if self._recording is not None and packet.size and not masks_recording:
                self._recording.packet(copied_packet(packet))
            if self._key_frames is not None and packet.size and self._key_frames.skips(packet, needed=masks_recording):
                continue
            try:
                with self._timer:
                    frames = packet.decode()
            except av.FFmpegError as error:
                self._lose(packet, error, lost)
                continue
            if frames:
                self._decoded_frames += len(lost)
                self._count_corrupt(len(lost))
                lost.clear()
            self._decoded_frames += len(frames)
            for frame in frames:
                # An error reaches every frame predicted from this one: until the next whole key frame.
                self._damaged = frame.is_corrupt or (self._damaged and not frame.key_frame)
                yield from self._progressive(deinterlacer, frame)
        self._count_corrupt(len(lost))
        yield from map(self._decoded, deinterlacer.flush())
        self._at_end = True

    def _arrival_timestamps(self) -> ArrivalTimestamps | None:
        """For streams that come as time passes; a recording served over HTTP has a length."""
        pulled = self._address.protocol in (Protocol.HTTP, Protocol.HTTPS)
        if not self._address.live or (pulled and self.duration_s):
            return None
        return ArrivalTimestamps(
            lambda event, **facts: self._warn(event, source=self._address.shown, **facts), pulled=pulled
        )

    def _progressive(self, deinterlacer: Deinterlacer, frame: av.VideoFrame) -> Iterator[DecodedFrame]:
        with self._timer:
            complete = list(deinterlacer.frames(frame))
        yield from map(self._decoded, complete)

    def _count_corrupt(self, packets: int) -> None:
        for _ in range(packets):
            self._on_corrupt()

    def _lose(self, packet: Any, error: av.FFmpegError, lost: list[int]) -> None:
        if isinstance(error, MemoryError):
            raise error
        if self._lease is not None:
            self._lease.check()
        lost.append(packet.pos or 0)
        self._damaged = True
        if len(lost) > _MAX_LOST_PACKETS:
            self._give_up(lost)

    def _give_up(self, lost: list[int]) -> None:
        """Nothing was decodable for long: continue a file in another codec, or raise."""
        if not self._address.live and lost[0] > self._skipped:
            raise _CodecChanged(lost[0])
        self._count_corrupt(len(lost))
        raise NoVideo(f"{len(lost)} packets in a row could not be decoded")

    def _reopen(self, byte: int) -> None:
        self._resources.close()
        self._skipped = byte
        _log.warning("codec_changed", source=self._address.shown, byte=byte)
        self.__enter__()

    def _decoded(self, frame: av.VideoFrame) -> DecodedFrame:
        self._check_size(frame.width, frame.height)
        stamp = frame.pts if frame.pts is not None else frame.dts
        time_base = frame.time_base or self._stream.time_base
        stamp_s = None if stamp is None or time_base is None else float(stamp * time_base)
        if self._recording is not None and self._recording.wants_frames:
            self._recording.frame(self._converter.masked_frame(frame, stamp_s, self.rate))
        size = frame.width, frame.height
        aspect = sample_aspect_of(self._stream.sample_aspect_ratio, *size)
        if self._converter.turns(frame) % 2:
            size, aspect = size[::-1], 1 / aspect
        return DecodedFrame(stamp_s, *size, lambda: self._converter.make(frame, float(aspect)), aspect, self._damaged)

    def _open(self) -> av.container.InputContainer:
        return self._open_with(self._hardware())

    def _hardware(self) -> HWAccel | None:
        if self._settings.hwaccel is HardwareDecoder.NONE:
            return None
        hardware = HWAccel(self._settings.hwaccel.value, allow_software_fallback=True)
        try:
            # PyAV raises without a driver even when the fallback is allowed; find out before connecting to a camera.
            hardware.create(av.Codec("h264", "r"))
        except (RuntimeError, av.FFmpegError) as error:
            self._warn("no_hardware_decoder", source=self._address.shown, error=reason(error))
            return None
        return hardware

    def _open_with(self, hwaccel: HWAccel | None) -> av.container.InputContainer:
        options = dict(
            _FORMATS.get(self._address.protocol, STREAM_OPTIONS),
            protocol_whitelist=self._address.whitelist,
            max_pixels=str(self._settings.max_image_px),
        )
        if self._skipped:
            options["skip_initial_bytes"] = str(self._skipped)
        timeout = None
        if self._address.live:
            timeout = (self._settings.open_timeout_s, self._settings.read_timeout_s + _GRACE_S)
            options |= {"analyzeduration": str(_PROBE_US), "fpsprobesize": str(_FPS_PROBE_FRAMES)}
        if self._address.protocol in (Protocol.RTSP, Protocol.RTSPS):
            # Only the video of the session is set up: the camera does not even send the audio.
            options |= {"rtsp_transport": "tcp", "allowed_media_types": "video"}
        opening = ContainerOpening(self._address, self._network, options, timeout, hwaccel, self._segments)
        began_s = time.monotonic()
        try:
            return opening.open()
        except av.error.InvalidDataError:
            # FFmpeg reports an RTSP answer that never came as invalid data.
            if timeout and time.monotonic() - began_s >= timeout[0]:
                raise Silence(f"does not answer within {timeout[0]:g} s") from None
            raise

    def _video_stream(self) -> av.VideoStream:
        self._tracks = VideoTracks(self._container)
        chosen = self._tracks.choose(self._track)
        for stream in self._container.streams:
            if stream is not chosen:
                stream.discard = Discard.all
        self._check_size(chosen.width, chosen.height)
        chosen.codec_context.thread_count = self._settings.decoder_threads
        chosen.codec_context.thread_type = "AUTO"
        chosen.codec_context.options = {"max_pixels": str(self._settings.max_image_px)}
        return chosen

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._settings.max_image_px:
            raise ImageTooLarge(f"{width}×{height}")
        if self._lease is not None:
            self._lease.claim(width, height)
