"""A short session with a source: codec, size, rates and the first image, without supervision."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from pipeline.decode.arrival_timestamps import UNRELIABLE_TIMESTAMPS, slow_clock
from pipeline.decode.decode_timer import DecodeTimer
from pipeline.decode.ffmpeg_errors import Silence, diagnose
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.host_probe import probe_host
from pipeline.decode.input_options import InputOptions
from pipeline.decode.media_files import IMAGE_SUFFIXES
from pipeline.decode.playlist_segments import PlaylistSegments, segments_in_words
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_address import SourceAddress
from pipeline.decode.video_container import DecodedFrame, VideoContainer
from pipeline.domain.plural import counted
from pipeline.domain.recording import EncodedPacket, MaskedFrame
from pipeline.domain.video import EditableImage
from pipeline.errors import UnsupportedMedia

__all__ = ["ProbedStream", "first_image", "images_of_view", "probe_stream"]

_INTERLACED: Final = frozenset({2, 3, 4, 5})
"""`AVFieldOrder`: fields in any order; 1 is progressive, 0 unknown."""
_PROGRESSIVE: Final = 1
_SLOW_FIRST_IMAGE_S: Final = 5.0
_RATE_TOLERANCE: Final = 0.2
_UNIFORM_LEVELS: Final = 4.0
"""Standard deviation of brightness below which an image shows nothing."""
_LEAST_FRAMES: Final = 3
_LONGEST_WAIT_S: Final = 20.0
"""For an image without missing parts: the interval of key frames is shorter on every ordinary camera."""


@dataclass(frozen=True, slots=True)
class ProbedStream:
    """Findings of a short session.

    Attributes:
        source: the address without credentials.
        endpoint: host, or host and port, of the connection; "" for files.
        connect_s: seconds until the port answered; None where there is no connection.
        opened_s, first_image_s: seconds from the beginning until the stream was described, and its first image decoded.
        codec, profile: of the encoder, such as ``h264`` and ``High``.
        width, height: pixels of the upright image, as stored.
        sample_aspect: width of a pixel over its height, ``1`` or ``12:11``.
        stated_fps: frames per second according to the camera.
        measured_fps: frames per second that arrived; None when there were too few.
        kilobits_per_s: measured bit rate; None when there were too few frames.
        interlaced: fields instead of whole frames; None when the stream does not say.
        corrupt: packets that could not be decoded.
        damaged: frames of which parts are missing, or that are predicted from such a frame.
        warnings: what is wrong, in words; empty when nothing is.
    """

    source: str
    endpoint: str
    connect_s: float | None
    opened_s: float
    first_image_s: float
    codec: str
    profile: str
    width: int
    height: int
    sample_aspect: str
    stated_fps: float
    measured_fps: float | None
    kilobits_per_s: float | None
    interlaced: bool | None
    corrupt: int
    damaged: int
    warnings: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """JSON values; times rounded to milliseconds."""
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(self).items()}


def probe_stream(
    camera_id: str,
    address: SourceAddress,
    settings: DecodeSettings,
    options: InputOptions,
    *,
    seconds: float,
    wanted_fps: float | None = None,
) -> ProbedStream:
    """Open a source once, decode it for some seconds, and describe it.

    Args:
        camera_id: names it in errors.
        address: what to open.
        settings: of decoding; also its timeouts.
        options: of this input.
        seconds: from the first image on.
        wanted_fps: analyzed frames per second of the configuration, None for all.

    Raises:
        SourceError: it cannot be opened, or shows no image; the message says at which step it failed.
    """
    _refuse_images(camera_id, address)
    session = _Session(address, settings, options, MaskBurner())
    connect_s = probe_host(camera_id, address, settings.open_timeout_s)
    with _errors_explained(camera_id, address):
        return session.measured(connect_s, seconds, wanted_fps)


def first_image(
    camera_id: str, address: SourceAddress, settings: DecodeSettings, options: InputOptions, burner: MaskBurner
) -> tuple[EditableImage, int | None]:
    """The first whole image of a source with its privacy masks filled, and its time.

    Frames with missing parts, and those predicted from them, are skipped: a connection often begins with one.

    Returns:
        The image, and when it was received, milliseconds since 1970 UTC; of a file, when its recording began, None
        where the file does not state it.

    Raises:
        SourceError: it cannot be opened, or shows no whole image within 20 s.
    """
    _refuse_images(camera_id, address)
    probe_host(camera_id, address, settings.open_timeout_s)
    session = _Session(address, settings, options, burner)
    with _errors_explained(camera_id, address):
        return session.first_image()


def images_of_view(
    camera_id: str,
    address: SourceAddress,
    settings: DecodeSettings,
    options: InputOptions,
    burner: MaskBurner,
    *,
    count: int,
    step_s: float,
) -> Iterator[EditableImage]:
    """Whole images of a source over some seconds, in one connection, with its privacy masks filled.

    Args:
        camera_id, address, settings, options, burner: as of `first_image`.
        count: images; step_s: seconds from one to the next.

    Raises:
        SourceError: it cannot be opened, or shows no whole image within 20 s.
    """
    _refuse_images(camera_id, address)
    probe_host(camera_id, address, settings.open_timeout_s)
    session = _Session(address, settings, options, burner)
    with _errors_explained(camera_id, address):
        yield from session.images(count, step_s)


def _refuse_images(camera_id: str, address: SourceAddress) -> None:
    path = address.path
    if path is not None and (path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES):
        raise UnsupportedMedia(
            f"{camera_id} ({address.shown})", "is not a stream but images", "Use `viapublica detect` for images"
        )


class _StreamFacts:
    """A packet tap that notes what the stream says about itself, and counts bytes."""

    def __init__(self) -> None:
        self.codec = self.profile = ""
        self.interlaced: bool | None = None
        self.octets = 0

    def opened(self, stream: Any, rate: Fraction) -> _StreamFacts:  # noqa: ARG002
        context = stream.codec_context
        self.codec, self.profile = context.name, context.profile or ""
        order = int(context.field_order or 0)
        self.interlaced = True if order in _INTERLACED else False if order == _PROGRESSIVE else None
        return self

    @property
    def wants_frames(self) -> bool:
        return False

    def frame(self, frame: MaskedFrame) -> None:
        """Nothing to do."""

    def packet(self, packet: EncodedPacket) -> None:
        self.octets += len(packet.data)

    def closed(self, reason: str) -> None:
        """Nothing to do."""


@dataclass(frozen=True, slots=True)
class _Rate:
    """Frames and kilobits per second; None when too few frames arrived."""

    fps: float | None
    kilobits_per_s: float | None

    @classmethod
    def of(cls, stamps: Sequence[float | None], elapsed_s: float, octets: int) -> _Rate:
        """By the median step of the stream's clock: a new connection sends a burst, and its clock may jump."""
        times = [stamp for stamp in stamps if stamp is not None]
        steps = sorted(later - earlier for earlier, later in pairwise(times) if later > earlier)
        count = len(stamps) - 1
        if count < _LEAST_FRAMES:
            return cls(None, None)
        step_s = steps[len(steps) // 2] if len(steps) >= _LEAST_FRAMES else elapsed_s / count
        return cls(1 / step_s, octets * 8 / 1000 / (step_s * count)) if step_s > 0 else cls(None, None)


class _Session:
    """One opening of a source; FFmpeg ends it by its own timeouts when it hangs."""

    def __init__(
        self, address: SourceAddress, settings: DecodeSettings, options: InputOptions, burner: MaskBurner
    ) -> None:
        self._address = address
        self._facts = _StreamFacts()
        self._corrupt = self._damaged = 0
        self._notes: list[str] = []
        self._began_s = time.monotonic()
        self._segments = PlaylistSegments()
        self._container = VideoContainer(
            address,
            settings,
            FrameConverter(burner, options.turns),
            on_corrupt=self._count_corrupt,
            timer=DecodeTimer(),
            tap=self._facts,
            options=options,
            warn=self._note,
            segments=self._segments,
        )

    def first_image(self) -> tuple[EditableImage, int | None]:
        """The first image without missing parts, and its time."""
        skipped = 0
        with self._container as container:
            for frame in container.frames():
                if not frame.damaged:
                    is_file = self._address.path is not None
                    return frame.image(), container.recorded_ms if is_file else time.time_ns() // 1_000_000
                skipped += 1
                if self._elapsed_s() > _LONGEST_WAIT_S:
                    break
        raise Silence(_only_damaged(skipped) if skipped else "ended before its first image")

    def images(self, count: int, step_s: float) -> Iterator[EditableImage]:
        """Images without missing parts, at least `step_s` apart by the stream's clock."""
        last_s: float | None = None
        skipped = found = 0
        with self._container as container:
            for frame in container.frames():
                at_s = self._elapsed_s() if frame.stamp_s is None else frame.stamp_s
                if frame.damaged:
                    skipped += 1
                elif last_s is None or not 0 <= at_s - last_s < step_s:
                    last_s, found = at_s, found + 1
                    yield frame.image()
                if found >= count:
                    return
                if not found and self._elapsed_s() > _LONGEST_WAIT_S:
                    break
        if not found:
            raise Silence(_only_damaged(skipped) if skipped else "ended before its first image")

    def measured(self, connect_s: float | None, seconds: float, wanted_fps: float | None) -> ProbedStream:
        """The findings of `seconds` of video."""
        with self._container as container:
            opened_s = self._elapsed_s()
            frames = container.frames()
            first = next(frames, None)
            if first is None:
                raise Silence("ended before its first image")
            image, self._damaged = first.image(), int(first.damaged)
            first_image_s = self._elapsed_s()
            self._notes += segments_in_words(self._segments.target_s)
            rate, facts = self._watch(frames, first.stamp_s, seconds), self._facts
            found = ProbedStream(
                source=self._address.shown,
                endpoint=self._address.endpoint,
                connect_s=connect_s,
                opened_s=opened_s,
                first_image_s=first_image_s,
                codec=facts.codec,
                profile=facts.profile,
                width=first.width,
                height=first.height,
                sample_aspect=_ratio(first.sample_aspect),
                stated_fps=float(container.rate),
                measured_fps=rate.fps,
                kilobits_per_s=rate.kilobits_per_s,
                interlaced=facts.interlaced,
                corrupt=self._corrupt,
                damaged=self._damaged,
                warnings=tuple(dict.fromkeys(self._notes)),
            )
        return _with_warnings(found, image, wanted_fps)

    def _watch(self, frames: Iterator[DecodedFrame], first_s: float | None, seconds: float) -> _Rate:
        began_s, octets = time.monotonic(), self._facts.octets
        stamps = [first_s]
        for frame in frames:
            stamps.append(frame.stamp_s)
            self._damaged += frame.damaged
            elapsed_s = time.monotonic() - began_s
            begin_s, last_s = stamps[0], stamps[-1]
            stamped_s = last_s - begin_s if last_s is not None and begin_s is not None else elapsed_s
            if len(stamps) > _LEAST_FRAMES and max(stamped_s, elapsed_s) >= seconds:
                break
        elapsed_s = time.monotonic() - began_s
        if self._address.live and not self._container.duration_s and (problem := slow_clock(stamps, elapsed_s)):
            self._notes.append(problem)
            stamps = [None] * len(stamps)
        return _Rate.of(stamps, elapsed_s, self._facts.octets - octets)

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def _note(self, event: str, **facts: Any) -> None:
        """A warning of the container, which a run would log; that of the timestamps is given with their rate."""
        if event == UNRELIABLE_TIMESTAMPS:
            return
        shown = {name: value for name, value in facts.items() if name not in {"source", "camera"}}
        words = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in shown.items())
        self._notes.append(": ".join(filter(None, (event.replace("_", " "), words))))

    def _count_corrupt(self) -> None:
        self._corrupt += 1


@contextmanager
def _errors_explained(camera_id: str, address: SourceAddress) -> Iterator[None]:
    """Turn exceptions of the block into errors of the source."""
    try:
        yield
    except Exception as error:
        fault = diagnose(camera_id, address, error)
        if fault is None:
            raise
        raise fault.error from None


def _only_damaged(frames: int) -> str:
    return f"sent no whole image in {counted(frames, 'frame')}: all were damaged"


def _ratio(aspect: Fraction) -> str:
    return "1" if aspect == 1 else f"{aspect.numerator}:{aspect.denominator}"


def _with_warnings(found: ProbedStream, image: EditableImage, wanted_fps: float | None) -> ProbedStream:
    return replace(found, warnings=(*_warnings(found, image, wanted_fps), *found.warnings))


def _warnings(found: ProbedStream, image: EditableImage, wanted_fps: float | None) -> Iterator[str]:
    measured = found.measured_fps
    if measured is None:
        yield "too few frames arrived to measure a rate; the stream is slow or short"
    elif abs(measured - found.stated_fps) > _RATE_TOLERANCE * found.stated_fps:
        yield f"the camera states {found.stated_fps:.3g} frames per second and sends {measured:.3g}"
    if measured is not None and wanted_fps is not None and measured < wanted_fps * (1 - _RATE_TOLERANCE):
        yield f"analyze_fps is {wanted_fps:g}, and only {measured:.3g} frames per second arrive"
    if found.interlaced:
        yield "the video is interlaced, and de-interlacing costs time; set the camera to progressive if it can"
    if found.corrupt:
        yield f"{counted(found.corrupt, 'packet')} could not be decoded; check the network and the bit rate"
    if found.damaged:
        frames = counted(found.damaged, "frame")
        yield f"{frames} arrived damaged (parts of the image are missing); check the network and the bit rate"
    if found.first_image_s - (found.opened_s or 0) > _SLOW_FIRST_IMAGE_S:
        yield f"the first image came after {found.first_image_s:.0f} s; shorten the key frame interval of the camera"
    if float(image.bgr().mean(axis=2).std()) < _UNIFORM_LEVELS:
        yield "the image shows nothing (one color); check the lens, the light and the signal"
