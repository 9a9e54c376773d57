"""A video file that can be read repeatedly, every frame with its own timestamp."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pipeline.decode.decode_timer import DecodeTimer
from pipeline.decode.ffmpeg_errors import diagnose
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.settings import DecodeSettings, Protocol
from pipeline.decode.source_address import SourceAddress, parse_address
from pipeline.decode.video_container import DecodedFrame, VideoContainer
from pipeline.domain.polygon import Polygon
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.errors import UnsupportedMedia


class FileVideo:
    """Implements `pipeline.domain.video.Video` for a video file on disk.

    Args:
        path: the file.
        settings: of decoding.
        masks: polygons that are filled with black in every frame.
        start_s, end_s: only frames from `start_s` on and before `end_s`, in seconds from the first frame of the file.
        options: video track and rotation.
        name: for display, where the path is that of a descriptor.

    Raises:
        SourceError: it does not exist or contains no video, or is another file at a later reading.
        UnsupportedMedia: it holds several video tracks, and `options` chooses none of them.
        ValueError: a mask is no polygon.
    """

    def __init__(
        self,
        path: Path,
        settings: DecodeSettings,
        masks: Sequence[Polygon] = (),
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        options: InputOptions = DEFAULT_INPUT,
        name: str = "",
    ) -> None:
        files_only = settings.model_copy(update={"protocols": frozenset({Protocol.FILE})})
        # Absolute, so that no file name is mistaken for an address.
        address = parse_address(path.name, str(path.absolute()), files_only.protocols)
        self._address = replace(address, shown=name or address.shown)
        self._name = name or str(path)
        self._identity: tuple[int, int] | None = None
        self._settings = files_only
        self._burner = MaskBurner(masks)
        self._options = options
        self.not_read: tuple[str, ...] = ()
        """Video in the file that the latest complete reading did not return: other tracks, frames that are cut out."""
        self._span_s = (start_s, end_s)
        self.damaged = 0
        """Packets and frames that could not be decoded in the latest reading."""
        if self._path.is_file() and not self._path.stat().st_size:
            raise UnsupportedMedia(self._name, "is empty", "Copy it again")
        with self._opened() as container:
            self._check_tracks(container)
            first = next(iter(container.frames()), None)
            if first is None:
                raise UnsupportedMedia(self._name, "contains no frame that can be decoded", "Check that it is complete")
            self._first_s = first.stamp_s or 0.0
            self._facts = _facts(container, first, _within(container.duration_s, start_s, end_s))

    @property
    def facts(self) -> VideoInfo:
        """Size, rate, length of the span, and colors."""
        return self._facts

    @property
    def first_s(self) -> float:
        """The file's own time of its first frame, in seconds; spans count from it."""
        return self._first_s

    def frames(self) -> Generator[VideoFrame, None, None]:
        """Every frame of the span, from the first."""
        self.damaged = 0
        start_s, end_s = self._span_s
        timestamps = _Timestamps(self._facts)
        with self._opened() as container:
            for index, decoded in enumerate(container.frames()):
                self._check_size(decoded)
                pts = timestamps.place(decoded.stamp_s)
                at_s = float(pts * self._facts.time_base) - self._first_s
                if end_s is not None and at_s >= end_s:
                    return
                if at_s >= start_s:
                    yield VideoFrame(index, pts, decoded.image())
            self.not_read = (*container.tracks_left_out, *container.hidden_frames)

    @property
    def _path(self) -> Path:
        return self._address.path or Path()

    @contextmanager
    def _opened(self) -> Iterator[VideoContainer]:
        try:
            with (
                self._pinned() as address,
                VideoContainer(
                    address,
                    self._settings,
                    FrameConverter(self._burner, self._options.turns),
                    on_corrupt=self._count_damage,
                    timer=DecodeTimer(),
                    options=self._options,
                ) as container,
            ):
                yield container
        except Exception as error:
            raise diagnose(Path(self._name).name, self._address, error).error from error

    @contextmanager
    def _pinned(self) -> Iterator[SourceAddress]:
        """The address of an open descriptor of the file, which is the one of the first reading.

        A name may stand for another file at each opening; a descriptor cannot.
        """
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            identity = (status.st_dev, status.st_ino)
            if self._identity not in (None, identity):
                raise UnsupportedMedia(
                    self._name,
                    "was replaced by another file while it was read",
                    "Start again when no process does so",
                )
            self._identity = identity
            yield replace(self._address, target=f"file:/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)

    def _check_tracks(self, container: VideoContainer) -> None:
        if container.tracks_left_out and self._options.track is None:
            raise UnsupportedMedia(
                self._name,
                f"holds {len(container.tracks_left_out) + 1} video tracks, and only one can be processed",
                "Choose it by its number (anonymize: --track 1), or store it as a file of its own; "
                "the result holds no other",
            )

    def _count_damage(self) -> None:
        self.damaged += 1

    def _check_size(self, decoded: DecodedFrame) -> None:
        if (decoded.width, decoded.height) != (self._facts.width, self._facts.height):
            raise UnsupportedMedia(
                self._name,
                f"changes its size from {self._facts.width}×{self._facts.height} to {decoded.width}×{decoded.height}",
                "Cut it there, and process both parts separately",
            )


def _within(duration_s: float | None, start_s: float, end_s: float | None) -> float | None:
    """Seconds of a span of a file of this length, None where that is unknown."""
    last_s = end_s if duration_s is None else min(duration_s, duration_s if end_s is None else end_s)
    return None if last_s is None else max(0.0, last_s - start_s)


def _facts(container: VideoContainer, first: DecodedFrame, duration_s: float | None) -> VideoInfo:
    return VideoInfo(
        width=first.width,
        height=first.height,
        time_base=container.time_base,
        rate=container.rate,
        sample_aspect=first.sample_aspect,
        duration_s=duration_s,
        tags=container.tags,
    )


class _Timestamps:
    """Each frame's own timestamp as long as it rises; concatenated files restart their clock."""

    def __init__(self, facts: VideoInfo) -> None:
        self._time_base = facts.time_base
        self._step = max(1, round(1 / (facts.rate * facts.time_base)))
        self._second = max(1, round(1 / facts.time_base))
        self._offset = 0
        self._last: int | None = None

    def place(self, stamp_s: float | None) -> int:
        """The timestamp of the next frame; one ordinary step after the last where it has none."""
        if self._last is None:
            self._last = 0 if stamp_s is None else round(Fraction(stamp_s) / self._time_base)
            return self._last
        wanted = self._last + self._step
        if stamp_s is not None:
            own = round(Fraction(stamp_s) / self._time_base)
            if own + self._offset < self._last - self._second:
                self._offset = wanted - own
            wanted = own + self._offset
        self._last = max(wanted, self._last + 1)
        return self._last
