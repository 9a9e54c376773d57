"""Bit rates of recorded cameras, for capacity plans."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.domain.times import MINUTE_MS
from pipeline.record.recording_archive import RecordingArchive

_LEAST_MS: Final = MINUTE_MS
"""Of recorded video, below which a camera's bit rate is not judged."""


def recorded_bit_rates(folder: Path, least_ms: int = _LEAST_MS) -> list[float]:
    """Mean Mbit/s of each camera's recorded video, lowest first; cameras with less than `least_ms` are left out.

    Raises:
        RecordError: the folder cannot be read.
    """
    archive = RecordingArchive(folder)
    rates = []
    for camera in archive.cameras():
        segments = [segment for segment in archive.segments(camera) if segment.complete]
        length_ms = sum(segment.end_ms - segment.begin_ms for segment in segments)
        if length_ms >= least_ms:
            rates.append(sum(segment.size for segment in segments) * 8 / 1000 / length_ms)
    return sorted(rates)
