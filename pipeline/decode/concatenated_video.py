"""Consecutive files of one camera as one video, cut by wall-clock time."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC
from fractions import Fraction
from pathlib import Path

from pipeline.decode.file_video import FileVideo
from pipeline.decode.input_options import DEFAULT_INPUT, InputOptions
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.polygon import Polygon
from pipeline.domain.times import format_time
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.errors import UnsupportedMedia

_MARGIN_S = 0.002
"""Extra span requested of each file; the cut itself is made in whole milliseconds of wall-clock time."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One file, with the wall-clock time of its first frame."""

    video: FileVideo
    begin_ms: int

    def at_ms(self, frame: VideoFrame) -> Fraction:
        """Wall-clock time of one of its frames."""
        facts = self.video.facts
        first = round(Fraction(self.video.first_s) / facts.time_base)
        return self.begin_ms + (frame.pts - first) * facts.time_base * 1000


class ConcatenatedVideo:
    """Implements `pipeline.domain.video.Video`. Time starts at 0 with the first frame; gaps between files stay gaps.

    Args:
        name: for errors, such as the camera.
        segments: files with the wall-clock time of their first frame, milliseconds since 1970 UTC, in order of time;
            each begins with a keyframe.
        begin_ms, end_ms: only frames from `begin_ms` on and before `end_ms`, to the millisecond.
        settings: of decoding.
        masks: polygons that are filled with black in every frame.
        options: rotation.

    Raises:
        SourceError: a file does not exist or contains no video, or none has a frame in that span.
        UnsupportedMedia: the size changes from one file to the next.
        ValueError: a mask is no polygon, or there is no file.
    """

    def __init__(
        self,
        name: str,
        segments: Sequence[tuple[Path, int]],
        begin_ms: int,
        end_ms: int,
        settings: DecodeSettings,
        *,
        masks: Sequence[Polygon] = (),
        options: InputOptions = DEFAULT_INPUT,
    ) -> None:
        if not segments:
            raise ValueError("a concatenated video needs at least one file")
        self._name = name
        self._span_ms = (begin_ms, end_ms)
        self.unreadable: list[Path] = []
        """Files that cannot be read at all, such as those that a power cut leaves."""
        self._parts: list[_Part] = []
        fault: UnsupportedMedia | None = None
        for path, at_ms in segments:
            start_s = max(0.0, (begin_ms - at_ms) / 1000 - _MARGIN_S)
            end_s = (end_ms - at_ms) / 1000 + _MARGIN_S
            try:
                video = FileVideo(path, settings, masks, start_s=start_s, end_s=end_s, options=options)
                self._parts.append(_Part(video, at_ms))
            except UnsupportedMedia as error:
                self.unreadable.append(path)
                fault = error
        if fault is not None and not self._parts:
            raise fault
        self._check_sizes()
        self.damaged = 0
        """Packets and frames that could not be decoded in the latest reading."""
        with closing(self._placed()) as frames:
            first = next(frames, None)
        if first is None:
            raise UnsupportedMedia(name, "has no frame in that span", "Choose a longer span")
        self._first_ms = first[0]
        self._facts = replace(self._parts[0].video.facts, duration_s=self._duration_s())

    @property
    def facts(self) -> VideoInfo:
        """Size, rate, length and colors; the length ends with the span or the last file."""
        return self._facts

    @property
    def first_ms(self) -> int:
        """Wall-clock time of the first frame, milliseconds since 1970 UTC; a frame's own is this plus its `pts`."""
        return round(self._first_ms)

    def frames(self) -> Generator[VideoFrame, None, None]:
        """Every frame of the span, from the first."""
        self.damaged = 0
        last = -1
        index = 0
        step_ms = self._facts.time_base * 1000
        with closing(self._placed()) as placed:
            for at_ms, frame in placed:
                pts = round((at_ms - self._first_ms) / step_ms)
                if pts <= last:
                    continue  # The machine's clock was set back: this time has been returned already.
                last = pts
                yield VideoFrame(index, pts, frame.image)
                index += 1

    def _placed(self) -> Generator[tuple[Fraction, VideoFrame], None, None]:
        """Frames of the span with their wall-clock time in milliseconds."""
        begin_ms, end_ms = self._span_ms
        for part in self._parts:
            with closing(part.video.frames()) as frames:
                for frame in frames:
                    at_ms = part.at_ms(frame)
                    if begin_ms <= round(at_ms) < end_ms:
                        yield at_ms, frame
            self.damaged += part.video.damaged

    def _duration_s(self) -> float | None:
        last = self._parts[-1]
        length_s = last.video.facts.duration_s
        ends_ms = self._span_ms[1] if length_s is None else min(self._span_ms[1], last.begin_ms + length_s * 1000)
        return max(0.0, float(ends_ms - self._first_ms) / 1000)

    def _check_sizes(self) -> None:
        first = self._parts[0].video.facts
        for part in self._parts[1:]:
            facts = part.video.facts
            if (facts.width, facts.height) != (first.width, first.height):
                raise UnsupportedMedia(
                    self._name,
                    f"changes its size from {first.width}×{first.height} to {facts.width}×{facts.height} "
                    f"at {format_time(part.begin_ms, UTC)}",
                    "Process the video before and after that time separately",
                )
