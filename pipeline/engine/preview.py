"""Annotated pictures of what was found, for engineers. Every person that was found is covered."""

from __future__ import annotations

from pathlib import Path

import structlog

from pipeline.engine.stream import Stream
from pipeline.observe.draw import annotate, save_image

_log = structlog.get_logger(__name__)


class Preview:
    """Writes a picture of each camera every so often.

    Args:
        folder: gets one folder per camera.
        every_s: seconds of stream time between two pictures.
        keep: pictures kept per camera.
    """

    def __init__(self, folder: Path, every_s: float, keep: int) -> None:
        self._folder = folder
        self._every_ms = every_s * 1000
        self._keep = keep
        self._last_ms: dict[str, int] = {}
        self._written: dict[str, list[Path]] = {}

    def show(self, stream: Stream) -> None:
        """Write the stream's newest frame if it is time. A full disk is logged and does not stop the run."""
        frame = stream.last_frame
        if frame is None or frame.ts_ms - self._last_ms.get(stream.stream_id, -(10**15)) < self._every_ms:
            return
        self._last_ms[stream.stream_id] = frame.ts_ms
        folder = self._folder / frame.camera_id
        path = folder / f"{frame.stream_id[:12]}-{frame.index:07d}.jpg"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save_image(
                path, annotate(frame.picture, stream.tracks, stream.plates_in_view(), also_hide=stream.detections)
            )
        except OSError as error:
            _log.error("preview_not_written", path=str(path), error=str(error))
            return
        written = self._written.setdefault(frame.camera_id, [])
        written.append(path)
        while len(written) > self._keep:
            written.pop(0).unlink(missing_ok=True)

    def latest(self) -> dict[str, list[Path]]:
        """Pictures that are there, by camera, oldest first."""
        return self._written
