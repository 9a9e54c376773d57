"""Recorded video for a person with an account: its segments, gaps and holds, and its images through their masks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import cv2

from pipeline.app.access.account_decision import AskedOperation, decide_for_person
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.live_view import LiveFrame
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.app.recordings import CameraRecording, find_recorded
from pipeline.app.release.recorded_video import open_recorded
from pipeline.decode.concatenated_video import ConcatenatedVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.frame import BgrImage
from pipeline.domain.operation import Operation
from pipeline.domain.role import Role
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import PolicyError, StoreError
from pipeline.policy.live_view import hides_people
from pipeline.record.recorded_declaration import recorded_view
from pipeline.record.recording_archive import RecordingArchive
from pipeline.storage.declared_cameras import DeclaredCameras

__all__ = ["LONGEST_PLAY_MS", "CameraRecording", "RecordedPlay", "recorded_timeline"]

LONGEST_PLAY_MS: Final = 10 * MINUTE_MS
"""Of one view; the next one is decided on and recorded by itself."""
_LEAST_STEP_MS: Final = 100
_LONGEST_GAP_S: Final = 1.0
"""A longer time without video is passed over: the time in the image says so."""
_QUALITY: Final = 85


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Video of a camera from a moment on and before another one, milliseconds since 1970 UTC."""

    camera_id: str
    begin_ms: int
    end_ms: int


def recorded_timeline(
    opened: OpenRegistry, stores: ConfiguredStores, camera_id: str, begin_ms: int, end_ms: int
) -> CameraRecording:
    """What is recorded of a camera in a span; decided on, and in the audit before it is shown.

    Args:
        opened: the registry, for the person, with the purpose that they state; stores: of the installation.
        camera_id: the camera; begin_ms, end_ms: the span, milliseconds since 1970 UTC.

    Raises:
        PolicyError: the person may not; audited.
        StoreError: nothing is recorded here.
        RecordError: unknown camera, or the disk failed.
        AuditUnavailable: the audit takes no record.
    """
    wanted = _Wanted(camera_id, begin_ms, end_ms)
    _decide(opened, stores, wanted)
    archive = _archive(stores)
    _note(opened, wanted, "segments")
    (found,) = find_recorded(archive.folder, [camera_id], begin_ms, end_ms)
    return found


class RecordedPlay:
    """Recorded video as fast as it happened; used by one thread.

    Args:
        opened, stores, camera_id, begin_ms, end_ms: see `recorded_timeline`; at most `LONGEST_PLAY_MS` are shown.
        width: most pixels of an image.

    Raises:
        PolicyError: the person may not watch it, or not all of its masks are known; it is in the audit.
        StoreError, RecordError, SourceError: there is no such video, or it cannot be read.
        AuditUnavailable: the audit takes no record: nothing is shown.
    """

    def __init__(
        self, opened: OpenRegistry, stores: ConfiguredStores, camera_id: str, *, begin_ms: int, end_ms: int, width: int
    ) -> None:
        self._opened, self._width = opened, width
        self._wanted = _Wanted(camera_id, begin_ms, min(end_ms, begin_ms + LONGEST_PLAY_MS))
        self.refused: dict[str, PolicyError] = {}
        role = _decide(opened, stores, self._wanted)
        if hides_people(role, sensitive=camera_id in stores.sensitive()):
            raise PolicyError(
                f"camera {camera_id}",
                "may be shown to you with persons masked only, as a release has it",
                "Request a release",
                policy="persons-masked",
            )
        _note(opened, self._wanted, "playback-begun")  # before the first image
        video, self._step_ms = self._opened_video(stores)
        self._first_ms = video.first_ms
        self._frames, self._shown = video.frames(), 0
        self._last_ms: int | None = None
        self._due_s = time.monotonic()

    def next(self) -> list[LiveFrame]:
        """The next image, when it is due.

        Raises:
            StoreError: the video has ended.
            SourceError: a file cannot be read.
        """
        for frame in self._frames:
            at_ms = round(self._first_ms + frame.pts * self._step_ms)
            if self._last_ms is not None and at_ms - self._last_ms < _LEAST_STEP_MS:
                continue
            if self._last_ms is not None:
                self._due_s += min((at_ms - self._last_ms) / 1000, _LONGEST_GAP_S)
                time.sleep(max(0.0, self._due_s - time.monotonic()))
            self._last_ms = at_ms
            self._shown += 1
            return [LiveFrame(self._wanted.camera_id, at_ms, self._jpeg(frame.image.bgr()))]
        raise StoreError("recorded video", "has been shown to its end", "Choose another time")

    def close(self) -> None:
        """End the view; its end is recorded."""
        self._frames.close()
        _note(self._opened, self._wanted, "playback-ended", frames=self._shown)

    def _opened_video(self, stores: ConfiguredStores) -> tuple[ConcatenatedVideo, float]:
        wanted, archive = self._wanted, _archive(stores)
        files = [one.path for one in archive.segments(wanted.camera_id, wanted.begin_ms, wanted.end_ms)]
        views = [recorded_view(path, is_clip=True) for path in files]
        rotations = {one.rotate for one in views if one is not None}
        present = [one.declaration for one in DeclaredCameras(stores.data_dir).all().get(wanted.camera_id, ())][-1:]
        masks = {mask for one in views if one is not None for mask in one.masks}
        masks |= {mask for one in present if one.rotate in rotations for mask in one.masks}
        if None in views or len(rotations) > 1:
            raise PolicyError(
                f"camera {wanted.camera_id}",
                "was recorded without its declaration, or turned meanwhile, so that its masks are not known",
                "Choose another time",
                policy="masks-unknown",
            )
        video, _ = open_recorded(
            archive,
            wanted.camera_id,
            wanted.begin_ms,
            wanted.end_ms,
            DecodeSettings(),
            masks=sorted(masks),
            rotate=next(iter(rotations), 0),
        )
        return video, float(video.facts.time_base * 1000)

    def _jpeg(self, image: BgrImage) -> bytes:
        height, width = image.shape[:2]
        if width > self._width:
            size = (self._width, round(height * self._width / width))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        return data.tobytes()


def _decide(opened: OpenRegistry, stores: ConfiguredStores, wanted: _Wanted) -> Role:
    asked = AskedOperation(Operation.RETRIEVAL, (wanted.camera_id,))
    return Role(decide_for_person(opened, stores, opened.requester, asked)["role"])


def _archive(stores: ConfiguredStores) -> RecordingArchive:
    if stores.record is None:
        raise StoreError("recorded video", "is not stored by this installation", "Have it recorded: record")
    return RecordingArchive(stores.record.dir)


def _note(opened: OpenRegistry, wanted: _Wanted, action: str, **details: int) -> None:
    opened.actor.note(
        Operation.RETRIEVAL,
        cameras=(wanted.camera_id,),
        start_ms=wanted.begin_ms,
        end_ms=wanted.end_ms,
        details={"action": action, **details},
    )
