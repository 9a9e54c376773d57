"""Declaration of a camera inside a recorded file: a tag of the container, so that copies carry it too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import av

from pipeline.domain.camera_declaration import CameraDeclaration

TAG: Final = "comment"
"""Key that MP4 and Matroska share."""
_KEY: Final = "viapublica-declaration"
_LONGEST: Final = 30_000
"""Bytes; the header of a segment has to be shorter than `pipeline.record.segment_file` takes for one."""


def tag_of(declaration: CameraDeclaration) -> str:
    """The tag: canonical JSON. Masks that do not fit are left out, which the tag then says."""
    text = _text(declaration.as_dict())
    if len(text.encode()) <= _LONGEST:
        return text
    return _text({**declaration.as_dict(), "masks": [], "zones": {}}, incomplete=True)


def declaration_in(path: Path) -> tuple[CameraDeclaration, bool] | None:
    """The declaration that a file carries, and whether it is complete; None when it carries none.

    Raises:
        ValueError: there is a tag of ours that cannot be read.
    """
    try:
        with av.open(
            f"file:{path.absolute()}",
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
    except (av.FFmpegError, OSError):
        return None
    return declaration_of(tags.get(TAG, ""))


def declaration_of(text: str) -> tuple[CameraDeclaration, bool] | None:
    """The declaration in a tag, and whether it is complete; None when it is no tag of ours.

    Raises:
        ValueError: it is one, and cannot be read.
    """
    if _KEY not in text:
        return None
    try:
        entry: Any = json.loads(text)
        return CameraDeclaration.from_dict(entry[_KEY]), not entry["incomplete"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("its declaration cannot be read") from error


def _text(plain: dict[str, Any], *, incomplete: bool = False) -> str:
    return json.dumps({_KEY: plain, "incomplete": incomplete}, sort_keys=True, separators=(",", ":"))
