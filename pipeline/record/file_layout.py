"""File layout of recorded video: ``CAMERA/2026-11-22/20261122T143000.123Z.mp4``, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

INDEX: Final = "index.jsonl"
"""In a camera's folder."""
DECLARATIONS: Final = "declarations.jsonl"
"""In a camera's folder, too."""
HOLDS: Final = "holds.jsonl"
"""In the folder of all cameras."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAME = re.compile(r"(\d{8}T\d{6})\.(\d{3})Z\.(?:mp4|mkv)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CAMERA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def file_name(begin_ms: int, suffix: str) -> str:
    """A segment's path inside its camera's folder, by the wall-clock time of its first image."""
    moment = _EPOCH + timedelta(milliseconds=begin_ms)
    return f"{moment:%Y-%m-%d}/{moment:%Y%m%dT%H%M%S}.{begin_ms % 1000:03d}Z.{suffix}"


def begin_of(name: str) -> int | None:
    """The time in a file's name, milliseconds since 1970 UTC; None when it is no segment's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(milliseconds=1) + int(match[2])


def camera_folders(folder: Path) -> list[Path]:
    """Folders of cameras, by name; none when there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if one.is_dir() and _CAMERA.fullmatch(one.name))


def segment_files(camera: Path, *days: Path) -> list[tuple[int, Path]]:
    """A camera's files with the time each begins at, in order of time.

    Args:
        camera: the camera's folder; days: only these of the folders in it, none for all.
    """
    found: list[tuple[int, Path]] = []
    if not camera.is_dir():
        return found
    for day in days or camera.iterdir():
        if _DAY.fullmatch(day.name) and day.is_dir():
            found += [(begin, path) for path in day.iterdir() if (begin := begin_of(path.name)) is not None]
    return sorted(found)
