"""Declaration of a camera inside a recorded file: a tag of the container, so that copies carry it too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import av

from pipeline.domain.camera_declaration import TAG_KEY, CameraDeclaration
from pipeline.policy.scope import why_no_plates
from pipeline.storage.image_comment import comments_in

TAG: Final = "comment"
"""Key that MP4 and Matroska share."""
_LONGEST: Final = 30_000
"""Bytes; the header of a segment has to be shorter than `pipeline.record.segment_file` takes for one."""


@dataclass(frozen=True, slots=True)
class RecorderTag:
    """The tag of a recorded file.

    Attributes:
        declaration: of its camera when it was recorded.
        complete: False if masks, zones and ignored areas were left out, because they do not fit.
        masks_filled: SHA-256 of the complete declaration whose masks are filled in every frame; "" if the recorder
            filled none.
    """

    declaration: CameraDeclaration
    complete: bool
    masks_filled: str = ""


def tag_of(declaration: CameraDeclaration, *, masks_filled: bool = False) -> str:
    """The tag: canonical JSON. Masks that do not fit are left out, which the tag then says.

    Args:
        declaration: of the camera; masks_filled: its masks are filled in every frame.
    """
    filled = declaration.sha256 if masks_filled else ""
    text = _text(declaration.as_dict(), filled)
    if len(text.encode()) <= _LONGEST:
        return text
    shortened = replace(declaration, masks=(), zones=(), ignore=())
    return _text(shortened.as_dict(), filled, incomplete=True)


def image_tag_of(declaration: CameraDeclaration) -> str:
    """The tag of an image, without masks, zones and rotation: its masks are filled, and it is upright."""
    return _text(replace(declaration, masks=(), zones=(), rotate=0).as_dict(), declaration.sha256)


def tag_of_copy(path: Path, declarations: Sequence[CameraDeclaration]) -> str:
    """The tag of a copy of packets of recorded video: a copy never permits more than its source.

    It is the source's own one, unless a declaration that holds for it permits less, or the source has none.

    Args:
        path: the source, whose privacy masks are all filled.
        declarations: of its camera, then and now; at least one.

    Raises:
        ValueError: the source has a tag that cannot be read.
    """
    text = _comment_in(path)
    own = declaration_of(text)
    if own is not None and why_no_plates(own.declaration.camera):
        return text
    stricter = [one for one in declarations if why_no_plates(one.camera)]
    if own is not None and not stricter:
        return text
    declaration = (stricter or declarations)[0]
    return tag_of(declaration, masks_filled=bool(declaration.masks))


def declaration_in(path: Path) -> RecorderTag | None:
    """The tag that a file carries; None when it carries none.

    Raises:
        ValueError: there is a tag of ours that cannot be read.
    """
    return declaration_of(_comment_in(path))


def declaration_in_image(path: Path) -> RecorderTag | None:
    """The tag that an image of this program carries as its comment; None when it carries none.

    Raises:
        ValueError: there is a tag of ours that cannot be read.
    """
    try:
        comments = comments_in(path)
    except OSError:
        return None
    return next((tag for one in comments if (tag := declaration_of(one)) is not None), None)


def declaration_of(text: str) -> RecorderTag | None:
    """The tag with this text; None when it is no tag of ours.

    Raises:
        ValueError: it is one, and cannot be read.
    """
    if TAG_KEY not in text:
        return None
    try:
        entry: Any = json.loads(text)
        declaration = CameraDeclaration.from_dict(entry[TAG_KEY])
        return RecorderTag(declaration, not entry["incomplete"], str(entry.get("masks_filled", "")))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("its declaration cannot be read") from error


def _comment_in(path: Path) -> str:
    """The comment of a container, "" without."""
    try:
        with av.open(
            f"file:{path.absolute()}",
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
    except (av.FFmpegError, OSError):
        return ""
    return tags.get(TAG, "")


def _text(plain: dict[str, Any], filled: str, *, incomplete: bool = False) -> str:
    entry = {TAG_KEY: plain, "incomplete": incomplete, "masks_filled": filled}
    return json.dumps(entry, sort_keys=True, separators=(",", ":"))
