"""The local protocol of live views: a viewer asks for a camera, the run answers with images.

One JSON line asks; then each image is a JSON line, `LiveImage`, and as many bytes of JPEG as it says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

LONGEST_LINE: Final = 4096
MOST_IMAGE_BYTES: Final = 8 << 20


class LiveQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a viewer wants to see.

    Attributes:
        camera_id: the camera.
        hide_people: whether persons, faces and plates are to be masked.
        width: most pixels of the images.
    """

    camera_id: str
    hide_people: bool
    width: int


class LiveImage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The line before an image, or a sign of life between images.

    Attributes:
        size: bytes of JPEG that follow; 0 for a sign of life.
        ts_ms: when the frame arrived, milliseconds since 1970 UTC.
        masks: digest of the declaration by whose privacy masks the frame was filled; "" without an image.
        people_hidden: whether persons, faces and plates that the detector found are masked.
    """

    size: int
    ts_ms: int = 0
    masks: str = ""
    people_hidden: bool = False


def live_socket(data_dir: Path) -> Path:
    """The socket of the run that owns a data folder."""
    return data_dir / "run" / "live.sock"
