"""Recognition of copies of recorded video by their key frames, whatever became of container, name and metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.errors import ConfigError, PolicyError
from pipeline.record.file_layout import DECLARATIONS, INDEX, camera_folders, segment_files
from pipeline.record.key_frame_digest import all_key_frames, some_key_frames
from pipeline.record.key_frame_index import KeyFrameIndex
from pipeline.storage.declaration_log import DeclarationLog
from pipeline.storage.written_paths import PathKind, WrittenPaths, normalized

_LONGEST_SEGMENT_MS: Final = 3_700_000
"""The longest `record.segment_s` and some time for its last key frame."""


class KnownRecordings:
    """The folders of recorded video in which the originals of copies are searched.

    A copy is found if its packets are those that the recorder wrote: cut, and in any container. A video that was
    encoded anew is not found, nor one of which no segment is stored any more.

    Args:
        folders: each of all cameras of a recorder; those that do not exist have no cameras.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = tuple(dict.fromkeys(map(normalized, folders)))
        self._found: dict[tuple[int, int, int, int], tuple[CameraDeclaration, ...]] = {}

    @classmethod
    def of(cls, data_dir: Path, record_dir: Path | None) -> Self:
        """The folder of a configuration, and all that earlier ones recorded into.

        Args:
            data_dir: data folder of the configuration; record_dir: its folder of recorded video, if it records.

        Raises:
            StoreError: the log of written paths cannot be read.
        """
        former = WrittenPaths(data_dir).all(PathKind.VIDEO)
        return cls([*([record_dir] if record_dir else []), *former])

    def declarations_of(self, video: Path, shown: Path) -> tuple[CameraDeclaration, ...]:
        """Every declaration that holds for any segment with one of a video's key frames.

        Args:
            video: the file; shown: its name in errors.

        Raises:
            PolicyError: the recordings, or their declarations, cannot be read.
        """
        if not self._folders:
            return ()
        try:
            facts = video.stat()
            key = facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns
            if key not in self._found:
                self._found[key] = tuple(dict.fromkeys(self._search(some_key_frames(video))))
            return self._found[key]
        except OSError as error:
            raise PolicyError(
                str(shown),
                f"cannot be compared with recorded video ({error.filename or error}: {error.strerror})",
                "Run this command as a user who may read the folders of recorded video",
            ) from error

    def _search(self, digests: Sequence[int]) -> Iterator[CameraDeclaration]:
        cameras = (camera for folder in self._folders for camera in camera_folders(folder)) if digests else ()
        for camera in cameras:
            begins_ms = KeyFrameIndex(camera).find(digests)
            begins_ms |= {
                begin for begin, path in _unfinished(camera) if not set(all_key_frames(path)).isdisjoint(digests)
            }
            for begin_ms in sorted(begins_ms):
                yield from declarations_held(camera / DECLARATIONS, begin_ms)


def declarations_held(log: Path, begin_ms: int | None) -> list[CameraDeclaration]:
    """Every declaration of a log that holds for a segment with this begin, None if it is not known.

    Raises:
        PolicyError: the log cannot be read.
    """
    try:
        every = DeclarationLog(log).read()
    except ConfigError as error:
        raise PolicyError(error.subject, error.problem, error.fix) from error
    except OSError as error:
        raise PolicyError(str(log), f"cannot be read ({error.strerror})", "Check rights and disk") from error
    end_ms = None if begin_ms is None else begin_ms + _LONGEST_SEGMENT_MS
    held = [one.declaration for one in every if one.overlaps(begin_ms, end_ms)]
    # A file whose time is unknown, or lies before all declarations, may be of any of them.
    # What the camera is declared to be now counts for its older video too.
    return [*(held or [one.declaration for one in every]), *(one.declaration for one in every[-1:])]


def _unfinished(camera: Path) -> Iterator[tuple[int, Path]]:
    """Segments that are being written, or were when the recorder was killed: those of the newest days without a line.

    Each is given with its begin.
    """
    try:
        lines = (camera / INDEX).read_bytes()
    except FileNotFoundError:
        lines = b""
    newest = sorted(day for day in camera.iterdir() if day.is_dir())[-2:]
    for day in newest:
        for begin_ms, path in segment_files(camera, day):
            if f'"{path.relative_to(camera).as_posix()}"'.encode() not in lines:
                yield begin_ms, path
