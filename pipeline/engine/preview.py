"""Annotated preview images for engineers: persons masked, and vehicles of cameras that may read no plates."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.disposal import Disposed, Disposing, no_report
from pipeline.domain.hold import Hold
from pipeline.engine.camera_stream import CameraStream
from pipeline.errors import AuditError, RecordError, StoreError
from pipeline.observe.annotated_images import annotate, save_image
from pipeline.observe.settings import PreviewSettings
from pipeline.policy.scope import may_read_plates
from pipeline.record.declaration_tag import RecorderTag, declaration_in_image, image_tag_of

_PREVIEW_NAME = re.compile(r"[0-9a-f]{1,12}-[0-9]{7,}\.jpg")
"""Names of preview images, see `Preview.show`; other files in the folder are never deleted."""

_PRUNE_EVERY_S: Final = 3600.0

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


def is_held(path: Path, holds: Sequence[Hold]) -> bool:
    """Whether a hold preserves a preview image of a camera: when it was written is when it shows.

    Raises:
        OSError: it cannot be read.
    """
    at_ms = path.stat().st_mtime_ns // 1_000_000
    return any(hold.preserves(path.parent.name, at_ms, at_ms) for hold in holds)


def prune_previews(
    folder: Path, days: int, now_s: float, holds: Sequence[Hold] = (), disposing: Disposing = no_report
) -> list[Path]:
    """Delete the preview images of all cameras that are older than some days; those that were deleted.

    Args:
        folder: of all cameras; days: that images are stored; now_s: seconds since 1970 UTC.
        holds: in force; what they preserve stays.
        disposing: reports what is deleted, before it is.

    Raises:
        OSError: one cannot be deleted.
        AuditUnavailable: it cannot be reported, so nothing is deleted.
    """
    if not folder.is_dir():
        return []
    oldest_s = now_s - days * 86_400
    over = [
        path
        for camera in sorted(folder.iterdir())
        for path in preview_files(folder, camera.name)
        if path.stat().st_mtime < oldest_s
    ]
    held = [path for path in over if is_held(path, holds)]
    due = [path for path in over if path not in held]
    if due:
        with disposing(str(folder), _disposed(due, held), _against(held, holds)):
            for path in due:
                path.unlink(missing_ok=True)
    return due


def _disposed(due: Sequence[Path], held: Sequence[Path]) -> list[Disposed]:
    """What is deleted, by camera."""
    parts = []
    for camera in sorted({path.parent.name for path in due}):
        found = [path.stat() for path in due if path.parent.name == camera]
        times_ms = [one.st_mtime_ns // 1_000_000 for one in found]
        size, of_camera = sum(one.st_size for one in found), sum(path.parent.name == camera for path in held)
        parts.append(Disposed("previews", camera, min(times_ms), max(times_ms), len(found), size, of_camera))
    return parts


def _against(held: Sequence[Path], holds: Sequence[Hold]) -> list[str]:
    """Ids of the holds that preserve any of these images."""
    return [hold.hold_id for hold in holds if any(is_held(path, [hold]) for path in held)]


class _Replaced:
    """Counts, by camera, images that were deleted because others took their place, until they are reported."""

    def __init__(self) -> None:
        self._parts: dict[str, Disposed] = {}
        self._lock = threading.Lock()  # cameras are declared in threads of their own

    def delete(self, path: Path) -> None:
        """Delete an image.

        Raises:
            OSError: it cannot be deleted.
        """
        try:
            found = path.stat()
            path.unlink()
        except FileNotFoundError:
            return
        at_ms, camera = found.st_mtime_ns // 1_000_000, path.parent.name
        with self._lock:
            before = self._parts.get(camera, Disposed("previews", camera, at_ms, at_ms, 0))
            self._parts[camera] = Disposed(
                "previews",
                camera,
                min(before.first_ms, at_ms),
                max(before.last_ms, at_ms),
                before.number + 1,
                before.size + found.st_size,
            )

    def report(self, folder: Path, disposing: Disposing) -> None:
        """Report what was deleted since the last report.

        Raises:
            AuditError, StoreError: it cannot be reported; the next report has it as well.
        """
        with self._lock:
            if parts := [self._parts[camera] for camera in sorted(self._parts)]:
                with disposing(str(folder), parts, ()):
                    pass
                self._parts.clear()


class Preview:
    """Writes an image of each camera at an interval. They show plates: only this user may read them.

    Args:
        folder: gets one folder per camera.
        settings: interval, number and days.
        hides_vehicles: whether a camera may read no plates, so that its previews show none either.
        clock_s: seconds since 1970 UTC.
        holds: finds the holds in force; an error of it lets all images stay.
        disposing: reports images that are past their days, before they are deleted; an error of it lets them stay.
            Those that others replaced, by their number or another declaration, are reported hourly and at the end.
    """

    def __init__(
        self,
        folder: Path,
        settings: PreviewSettings,
        hides_vehicles: Callable[[str], bool],
        *,
        clock_s: Callable[[], float] = time.time,
        holds: Callable[[], Sequence[Hold]] = tuple,
        disposing: Disposing = no_report,
    ) -> None:
        self._folder = folder
        self._every_ms = settings.every_s * 1000
        self._keep = settings.keep
        self._days = settings.days
        self._hides_vehicles = hides_vehicles
        self._clock_s = clock_s
        self._holds = holds
        self._disposing = disposing
        self._pruned_s = 0.0
        self._replaced = _Replaced()
        self._declared: dict[str, CameraDeclaration] = {}
        self._hiding: set[str] = set()
        # By camera: session and time of its newest image.
        self._last: dict[str, tuple[str, int]] = {}
        # By camera, oldest first; dictionaries for their order, as a second run over a file writes the same names.
        self._written: dict[str, dict[Path, None]] = {}

    def declare(self, declaration: CameraDeclaration) -> None:
        """Show a camera from now on by this declaration; images of another one are deleted: they may show too much.

        Called before the camera's first frame, from any thread.
        """
        sha256 = declaration.sha256
        self._hiding.discard(declaration.camera_id)
        self._delete(declaration.camera_id, lambda tag: tag is None or tag.masks_filled != sha256)
        self._declared[declaration.camera_id] = declaration

    def show(self, stream: CameraStream) -> None:
        """Write the stream's newest frame if it is time. A full disk is logged and does not stop the run."""
        frame = stream.analyzed_frame
        if frame is None:
            return
        stream_id, last_ms = self._last.get(frame.camera_id, ("", 0))
        if stream_id == frame.stream_id and frame.ts_ms - last_ms < self._every_ms:
            return
        self._last[frame.camera_id] = (frame.stream_id, frame.ts_ms)
        path = self._folder / frame.camera_id / f"{frame.stream_id[:12]}-{frame.index:07d}.jpg"
        try:
            self._prune()
            written = self._of_camera(frame.camera_id)
            hide = self._hides_vehicles(frame.camera_id)
            if hide and frame.camera_id not in self._hiding:
                self._hiding.add(frame.camera_id)
                self._delete(frame.camera_id, lambda tag: tag is None or may_read_plates(tag.declaration.camera))
                written = self._of_camera(frame.camera_id)
            image = annotate(
                frame.image, stream.tracks, stream.captions(), hide_vehicles=hide, also_hide=stream.detections
            )
            save_image(path, image, self._tag_of(frame.camera_id))
            written.pop(path, None)
            written[path] = None
            self._drop_oldest(written)
        except (OSError, RecordError, StoreError, AuditError) as error:
            _log.error("preview_not_written", path=str(path), error=str(error))

    def _drop_oldest(self, written: dict[Path, None]) -> None:
        """Delete the oldest images of a camera beyond their number, but for held ones."""
        holds = self._holds() if len(written) > self._keep else ()
        for oldest in list(written)[: max(0, len(written) - self._keep)]:
            if not oldest.exists() or not is_held(oldest, holds):
                self._replaced.delete(oldest)
                del written[oldest]

    def _tag_of(self, camera_id: str) -> str:
        declaration = self._declared.get(camera_id)
        return "" if declaration is None else image_tag_of(declaration)

    def _delete(self, camera_id: str, outdated: Callable[[RecorderTag | None], bool]) -> None:
        """Delete the images of a camera whose tag, None if there is none that can be read, is outdated."""
        try:
            for path in preview_files(self._folder, camera_id):
                if outdated(_tag_in(path)):
                    self._replaced.delete(path)
        except OSError as error:
            _log.error("preview_not_deleted", camera=camera_id, error=str(error))
        self._written.pop(camera_id, None)

    def _prune(self) -> None:
        """Once an hour, delete the images of all cameras that are past their days, also of cameras that are gone."""
        now_s = self._clock_s()
        if now_s - self._pruned_s < _PRUNE_EVERY_S:
            return
        self._pruned_s = now_s
        self.report_replaced()
        for path in prune_previews(self._folder, self._days, now_s, self._holds(), self._disposing):
            self._written.get(path.parent.name, {}).pop(path, None)

    def report_replaced(self) -> None:
        """Report images that were replaced since the last report; a failure is logged, and they are in the next one."""
        try:
            self._replaced.report(self._folder, self._disposing)
        except (AuditError, StoreError) as error:
            _log.error("previews_not_reported", folder=str(self._folder), error=str(error))

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


def _tag_in(path: Path) -> RecorderTag | None:
    try:
        return declaration_in_image(path)
    except ValueError:
        return None
