"""Recorded video of a camera and a time span, as one video with its gaps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC
from typing import Final

from pipeline.decode.concatenated_video import ConcatenatedVideo
from pipeline.decode.input_options import InputOptions
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import Gap
from pipeline.domain.times import DAY_MS, check_range, format_time
from pipeline.domain.video import Rotation
from pipeline.errors import RecordError, SourceNotFound
from pipeline.record.recording_archive import RecordingArchive, VideoSegment

LONGEST_MS: Final = DAY_MS
"""A day: longer than any clip, and short enough that a mistyped span does not fill the disk."""


def open_recorded(
    archive: RecordingArchive,
    camera_id: str,
    begin_ms: int,
    end_ms: int,
    settings: DecodeSettings,
    *,
    masks: Sequence[Polygon] = (),
    rotate: Rotation = 0,
) -> tuple[ConcatenatedVideo, list[Gap]]:
    """What was recorded of a camera from `begin_ms` on and before `end_ms`, and the gaps in it.

    Args:
        archive: where it is recorded.
        camera_id: the camera.
        begin_ms, end_ms: wall-clock time, milliseconds since 1970 UTC.
        settings: of decode.
        masks: the camera's privacy masks; recorded video has none burnt in.
        rotate: the camera's rotation; recorded video is as the camera sent it.

    Raises:
        RecordError: unknown camera; a span that is reversed, in the future, longer than a day, or without any video.
        SourceError: a file cannot be read.
    """
    _check_span(camera_id, begin_ms, end_ms)
    segments = _segments(archive, camera_id, begin_ms, end_ms)
    options = InputOptions(rotate)
    try:
        video = _joined(camera_id, segments, begin_ms, end_ms, settings, masks=masks, options=options)
    except SourceNotFound:
        # Retention deleted a segment between listing and opening.
        segments = _segments(archive, camera_id, begin_ms, end_ms)
        video = _joined(camera_id, segments, begin_ms, end_ms, settings, masks=masks, options=options)
    lost = [
        Gap(max(one.begin_ms, begin_ms), min(one.end_ms, end_ms), f"the file {one.path.name} cannot be read")
        for one in segments
        if one.path in video.unreadable and one.end_ms > one.begin_ms
    ]
    gaps = [*archive.gaps(camera_id, begin_ms, end_ms), *lost]
    return video, sorted(gaps, key=lambda gap: gap.begin_ms)


def _joined(
    camera_id: str,
    segments: Sequence[VideoSegment],
    begin_ms: int,
    end_ms: int,
    settings: DecodeSettings,
    *,
    masks: Sequence[Polygon],
    options: InputOptions,
) -> ConcatenatedVideo:
    # A segment that is being written would give more frames when it is decoded again.
    readable_ms = end_ms if segments[-1].complete else min(end_ms, segments[-1].end_ms)
    files = [(one.path, one.begin_ms) for one in segments]
    return ConcatenatedVideo(
        f"camera {camera_id}", files, begin_ms, readable_ms, settings, masks=masks, options=options
    )


def _check_span(camera_id: str, begin_ms: int, end_ms: int) -> None:
    subject = f"camera {camera_id}, {_utc(begin_ms)} to {_utc(end_ms)}"
    now_ms = time.time_ns() // 1_000_000
    check_range(subject, begin_ms, end_ms, RecordError)
    if end_ms > now_ms:
        raise RecordError(subject, f"lies in the future; it is {_utc(now_ms)} now", "Choose a past span")
    if end_ms - begin_ms > LONGEST_MS:
        raise RecordError(subject, "is longer than 24 hours", "Request it in parts")


def _segments(archive: RecordingArchive, camera_id: str, begin_ms: int, end_ms: int) -> list[VideoSegment]:
    every = archive.segments(camera_id)
    found = [one for one in every if one.overlaps(begin_ms, end_ms)]
    if found:
        return found
    subject = f"camera {camera_id}, {_utc(begin_ms)} to {_utc(end_ms)}"
    if not every:
        raise RecordError(subject, "has no recorded video", "Its recordings have expired, or it never recorded")
    nearest = min(every, key=lambda one: max(one.begin_ms - end_ms, begin_ms - one.end_ms))
    raise RecordError(
        subject,
        "was not recorded",
        f"The nearest video is from {_utc(nearest.begin_ms)} to {_utc(nearest.end_ms)}; "
        "`viapublica camera segments` shows all of it",
    )


def _utc(at_ms: int) -> str:
    return format_time(at_ms, UTC)
