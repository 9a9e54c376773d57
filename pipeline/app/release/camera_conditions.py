"""The camera of a requested recording, as the configuration and the recording itself declare it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.config import Config
from pipeline.domain.camera_declaration import CameraDeclaration, DatedDeclaration
from pipeline.domain.disclosure import Content
from pipeline.domain.times import find_zone
from pipeline.errors import RecordError, ReleaseError
from pipeline.policy.approval import CameraConditions
from pipeline.record.declaration_tag import declaration_in
from pipeline.record.recording_archive import RecordingArchive, VideoSegment

_START_MS: Final = 10_000
"""Longest time between a recorder's first packet and the time stamp of the declaration that it writes before it."""


def camera_conditions(config: Config, archive: RecordingArchive, content: Content) -> CameraConditions:
    """The declarations and the content under which a recording is approved and built.

    Args:
        config: that records the camera; archive: its recorded video.
        content: the requested camera and span.

    Raises:
        ReleaseError: the camera is not configured, its folder leads elsewhere or holds another camera's video, or the
            recording does not say under which declaration it was made.
        RecordError: nothing is recorded of that time, or the recording cannot be read, or is being written.
    """
    camera = next((one for one in config.cameras if one.id == content.camera_id), None)
    if camera is None:
        raise ReleaseError(
            f"camera {content.camera_id}",
            "is not in the configuration, so its privacy masks are not known",
            f"Cameras are: {', '.join(one.id for one in config.cameras)}",
        )
    if problem := archive.why_nothing(camera.id, content.begin_ms, content.end_ms, find_zone(config.zone)):
        raise RecordError(
            f"camera {camera.id}", problem, "Refuse the request for that reason, or enter one for a recorded time"
        )
    segments = archive.segments(camera.id, content.begin_ms, content.end_ms)
    _check_no_links(archive.folder / camera.id, segments)
    dated = archive.declarations(camera.id, content.begin_ms, content.end_ms)
    recorded = tuple(dict.fromkeys(one.declaration for one in dated))
    if not _held_at_begin(dated, segments, content.begin_ms or 0):
        raise ReleaseError(
            f"camera {camera.id}",
            "was recorded without its declaration, so the masks and the scope of that time are not known",
            "Request a span that a present version of the recorder wrote",
        )
    other = next((one.camera_id for one in recorded if one.camera_id != camera.id), None)
    if other is not None:
        raise ReleaseError(
            f"camera {camera.id}",
            f"has the recording of camera {other} in its folder",
            f"Request camera {other}, and put the files where they belong",
        )
    _check_recorded_by(camera.id, segments)
    _check_same_rotation(camera.declaration(), recorded)
    digests = archive.digests(camera.id, content.begin_ms, content.end_ms)
    return CameraConditions(camera.declaration(), recorded, digests)


def _check_same_rotation(declared: CameraDeclaration, recorded: Sequence[CameraDeclaration]) -> None:
    """Masks are polygons of the image as it is turned: turned otherwise they would hide something else."""
    other = next((one.rotate for one in recorded if one.rotate != declared.rotate), None)
    if other is not None:
        raise ReleaseError(
            f"camera {declared.camera_id}",
            f"has rotate {declared.rotate} now and had rotate {other} in the requested video, so its masks do not fit",
            f"Give a configuration with rotate {other} and the masks of that time, or request another span",
        )


def _held_at_begin(dated: Sequence[DatedDeclaration], segments: Sequence[VideoSegment], begin_ms: int) -> bool:
    """Whether a declaration held already when the requested video begins."""
    first_ms = max(begin_ms, segments[0].begin_ms) if segments else begin_ms
    return any(one.from_ms <= first_ms + _START_MS for one in dated)


def _check_no_links(folder: Path, segments: Sequence[VideoSegment]) -> None:
    """A link would give one camera's video out under the masks and the name of another."""
    paths = [folder, *(path for one in segments for path in (one.path.parent, one.path))]
    link = next((path for path in dict.fromkeys(paths) if path.is_symlink()), None)
    if link is not None:
        raise ReleaseError(
            str(link),
            "is a link, and a release reads a camera's own recording only",
            "Put the recording itself there; link or mount the folder of all cameras instead",
        )


def _check_recorded_by(camera_id: str, segments: Sequence[VideoSegment]) -> None:
    """So would a copy or a hard link, but a recorded file says which camera recorded it."""
    for path in (one.path for one in segments):
        try:
            tag = declaration_in(path)
        except ValueError as error:
            raise ReleaseError(str(path), str(error), "Request a span without this file") from error
        if tag is not None and tag.declaration.camera_id != camera_id:
            raise ReleaseError(
                str(path),
                f"was recorded by camera {tag.declaration.camera_id}, as it says itself, not by camera {camera_id}",
                f"Request camera {tag.declaration.camera_id}, and put the file where it belongs",
            )
