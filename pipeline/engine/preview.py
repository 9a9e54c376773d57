"""Annotated preview images for engineers, with every detected person masked."""

from __future__ import annotations

import re
from pathlib import Path

import structlog

from pipeline.engine.camera_stream import CameraStream
from pipeline.observe.annotated_images import annotate, save_image

_PREVIEW_NAME = re.compile(r"[0-9a-f]{1,12}-[0-9]{7,}\.jpg")
"""Names of preview images, see `Preview.show`; other files in the folder are never deleted."""

_log = structlog.get_logger(__name__)


def preview_files(folder: Path, camera_id: str) -> list[Path]:
    """The preview images of a camera, oldest first; none where there is no folder.

    Raises:
        OSError: the folder cannot be read.
    """
    of_camera = folder / camera_id
    if not of_camera.is_dir():
        return []
    found = [path for path in of_camera.iterdir() if _PREVIEW_NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


class Preview:
    """Writes an image of each camera at an interval. They show plates: only this user may read them.

    Args:
        folder: gets one folder per camera.
        every_s: seconds of stream time between two images.
        keep: images stored per camera, including those of earlier runs.
    """

    def __init__(self, folder: Path, every_s: float, keep: int) -> None:
        self._folder = folder
        self._every_ms = every_s * 1000
        self._keep = keep
        # By camera: session and time of its newest image.
        self._last: dict[str, tuple[str, int]] = {}
        # By camera, oldest first; dictionaries for their order, as a second run over a file writes the same names.
        self._written: dict[str, dict[Path, None]] = {}

    def show(self, stream: CameraStream) -> None:
        """Write the stream's newest frame if it is time. A full disk is logged and does not stop the run."""
        frame = stream.last_frame
        if frame is None:
            return
        stream_id, last_ms = self._last.get(frame.camera_id, ("", 0))
        if stream_id == frame.stream_id and frame.ts_ms - last_ms < self._every_ms:
            return
        self._last[frame.camera_id] = (frame.stream_id, frame.ts_ms)
        path = self._folder / frame.camera_id / f"{frame.stream_id[:12]}-{frame.index:07d}.jpg"
        try:
            written = self._of_camera(frame.camera_id)
            save_image(path, annotate(frame.image, stream.tracks, stream.captions(), also_hide=stream.detections))
            written.pop(path, None)
            written[path] = None
            while len(written) > self._keep:
                oldest = next(iter(written))
                oldest.unlink(missing_ok=True)
                del written[oldest]
        except OSError as error:
            _log.error("preview_not_written", path=str(path), error=str(error))

    def latest(self) -> dict[str, list[Path]]:
        """Stored images by camera, oldest first."""
        return {camera_id: list(written) for camera_id, written in self._written.items()}

    def _of_camera(self, camera_id: str) -> dict[Path, None]:
        """The camera's images; at first those of earlier runs, in a folder that only this user can read."""
        if camera_id not in self._written:
            folder = self._folder / camera_id
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
            self._written[camera_id] = dict.fromkeys(preview_files(self._folder, camera_id))
        return self._written[camera_id]
