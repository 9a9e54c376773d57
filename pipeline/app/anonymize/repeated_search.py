"""Second search, in several views, of the frames for which one view does not suffice."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from pipeline.anonymize.video_detections import SceneChangeDetector, VideoDetections
from pipeline.app.anonymize.prefetch import prefetched
from pipeline.app.anonymize.progress import Progress, Stage
from pipeline.detect.detector_pool import DetectorPool
from pipeline.detect.view_probe import DoubtfulSpan
from pipeline.domain.video import Video, VideoFrame
from pipeline.errors import ReleaseError


@dataclass(frozen=True, slots=True)
class RepeatedSearch:
    """Frames that were searched again in several views.

    Attributes:
        first, last: numbers of the frames, from 0.
        begin_s, end_s: their times, in seconds from the first frame.
        reason: why, in words.
    """

    first: int
    last: int
    begin_s: float
    end_s: float
    reason: str

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "first_frame": self.first,
            "last_frame": self.last,
            "from_s": round(self.begin_s, 2),
            "to_s": round(self.end_s, 2),
            "reason": self.reason,
        }


def search_again(
    video: Video,
    detectors: DetectorPool,
    detections: VideoDetections,
    spans: Sequence[DoubtfulSpan],
    progress: Progress,
) -> tuple[VideoDetections, list[RepeatedSearch]]:
    """The detections of a video with those of doubtful frames replaced; each span is reported as a warning.

    Args:
        video: the original; detectors: have several views.
        detections: of one view of each frame.
        spans: to search again; not empty.
        progress: receives the frames done, and the warnings.

    Raises:
        SourceError: the video cannot be read.
        ModelRuntimeError: the network failed.
        ReleaseError: the video has changed meanwhile.
    """
    per_frame = list(detections.per_frame)
    numbers: deque[int] = deque()
    again = {number for span in spans for number in range(span.first, span.last + 1)}
    searches = [_described(span, detections) for span in spans]
    for one in searches:
        progress.warn(
            "several views",
            f"from {one.begin_s:.1f} to {one.end_s:.1f} s the video seems to be {one.reason}, so each frame is "
            "searched again in several views, as by --fine; that takes ten to twenty times as long",
        )
    with closing(prefetched(video.frames())) as frames:
        doubtful = _numbered(frames, again, numbers, video, detections)
        for done, (_, found) in enumerate(detectors.detect(doubtful, several_views=True), 1):
            per_frame[numbers.popleft()] = found
            progress.advance(Stage.DETECT, done)
    return replace(detections, per_frame=per_frame), searches


def source_changed() -> ReleaseError:
    """The error of a video that is not what it was when its frames were first searched."""
    return ReleaseError(
        "the source", "has changed since its detection pass", "Start again when no process writes to it"
    )


def _numbered(
    frames: Iterator[VideoFrame], again: set[int], numbers: deque[int], video: Video, detections: VideoDetections
) -> Iterator[VideoFrame]:
    """The frames to search again, whose numbers are queued."""
    for number, frame in enumerate(frames):
        if number not in again:
            continue
        at_s, thumbnail = float(frame.pts * video.facts.time_base), frame.image.resized(*SceneChangeDetector.SIZE)
        if not detections.is_frame(number, at_s, thumbnail):
            raise source_changed()
        numbers.append(number)
        again.discard(number)
        yield frame
    if again:
        raise source_changed()


def _described(span: DoubtfulSpan, detections: VideoDetections) -> RepeatedSearch:
    begin_s, end_s = detections.times_s[[span.first, span.last]] - detections.times_s[0]
    return RepeatedSearch(span.first, span.last, float(begin_s), float(end_s), span.doubt.value)
