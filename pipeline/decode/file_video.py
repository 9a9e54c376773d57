"""A file as a video that is made anew: every frame with the time that the file gives it, as often as it is asked."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from pipeline.decode.ffmpeg_errors import diagnose
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.privacy_masks import MaskBurner, Polygon
from pipeline.decode.settings import DecodeSettings, Protocol
from pipeline.decode.source_address import parse_address
from pipeline.decode.video_container import Decoded, VideoContainer
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.errors import UnsupportedMedia


class FileVideo:
    """Implements `pipeline.domain.video.Video` for a clip on disk.

    Args:
        path: the clip.
        settings: of this room.
        masks: polygons that are black before anybody sees a frame.
        start_s, end_s: only frames from `start_s` on and before `end_s`, in seconds from the first frame of the file.

    Raises:
        SourceError: it is not there or holds no video.
        ValueError: a mask makes no sense.
    """

    def __init__(
        self,
        path: Path,
        settings: DecodeSettings,
        masks: Sequence[Polygon] = (),
        start_s: float = 0.0,
        end_s: float | None = None,
    ) -> None:
        files_only = settings.model_copy(update={"protocols": frozenset({Protocol.FILE})})
        # Absolute, so that no name of a file is taken for an address.
        self._address = parse_address(path.name, str(path.absolute()), files_only.protocols)
        self._settings = files_only
        self._burner = MaskBurner(masks)
        self._span_s = (start_s, end_s)
        self.damaged = 0
        """Packets and frames of the last reading that could not be decoded."""
        if self._path.is_file() and not self._path.stat().st_size:
            raise UnsupportedMedia(str(path), "is empty", "Copy it again")
        with self._opened() as clip:
            first = next(iter(clip.frames()), None)
            if first is None:
                raise UnsupportedMedia(
                    str(path), "holds no frame that can be decoded", "Check that it is complete and not encrypted"
                )
            self._first_s = first.stamp_s or 0.0
            self._facts = _facts(clip, first)

    @property
    def facts(self) -> VideoInfo:
        """What it is."""
        return self._facts

    @property
    def first_s(self) -> float:
        """The file's own time of its first frame, in seconds; spans count from it."""
        return self._first_s

    def frames(self) -> Generator[VideoFrame, None, None]:
        """Every frame of the span, from the first."""
        self.damaged = 0
        start_s, end_s = self._span_s
        ticks = _Ticks(self._facts)
        with self._opened() as clip:
            for index, decoded in enumerate(clip.frames()):
                self._check_size(decoded)
                pts = ticks.place(decoded.stamp_s)
                at_s = float(pts * self._facts.time_base) - self._first_s
                if end_s is not None and at_s >= end_s:
                    return
                if at_s >= start_s:
                    yield VideoFrame(index, pts, decoded.image())

    @property
    def _path(self) -> Path:
        return self._address.path or Path()

    @contextmanager
    def _opened(self) -> Iterator[VideoContainer]:
        try:
            with VideoContainer(
                self._address, self._settings, FrameConverter(self._burner), self._count_damage
            ) as clip:
                yield clip
        except Exception as error:
            fault = diagnose(self._path.name, self._address, error)
            if fault is None:
                raise
            raise fault.error from error

    def _count_damage(self) -> None:
        self.damaged += 1

    def _check_size(self, decoded: Decoded) -> None:
        if (decoded.width, decoded.height) != (self._facts.width, self._facts.height):
            raise UnsupportedMedia(
                str(self._path),
                f"changes its size from {self._facts.width}×{self._facts.height} to {decoded.width}×{decoded.height}",
                "Cut it there, and treat both parts by themselves",
            )


def _facts(clip: VideoContainer, first: Decoded) -> VideoInfo:
    return VideoInfo(
        width=first.width,
        height=first.height,
        time_base=clip.time_base,
        rate=clip.rate,
        sample_aspect=first.sample_aspect,
        duration_s=clip.duration_s,
        tags=clip.tags,
    )


class _Ticks:
    """Each frame's own time, as long as that rises; files that were glued together start their clock anew."""

    def __init__(self, facts: VideoInfo) -> None:
        self._time_base = facts.time_base
        self._step = max(1, round(1 / (facts.rate * facts.time_base)))
        self._second = max(1, round(1 / facts.time_base))
        self._offset = 0
        self._last: int | None = None

    def place(self, stamp_s: float | None) -> int:
        """The time of the next frame; one ordinary step after the last where it says nothing."""
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
