"""The decoders' known-answer test: a tiny clip per codec, drawn by us, whose decoded pixels are known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt

_CLIPS: Final = Path(__file__).parent / "known_clips"
_TOLERANCE: Final = 0.5
"""Of a frame's mean brightness: the older codecs let decoders round in their own way, the newer ones do not."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A clip and what is in it.

    Attributes:
        codec: as cameras' data sheets call it.
        file: the clip.
        sha256: of all decoded planes, where the codec's standard leaves decoders no freedom; else empty.
        means: brightness of each frame, 0 to 255.
    """

    codec: str
    file: str
    sha256: str
    means: tuple[float, ...]


KNOWN: Final = (
    _Known(
        "H.264",
        "h264.mp4",
        "35b464c75de61e0f04ad8e83563f764de615d1b606d96e811b9fea756576ff7c",
        (119.7, 119.9, 117.7, 115.9, 120.1, 126.9),
    ),
    _Known(
        "H.265",
        "hevc.mp4",
        "41a96ec65d7aa59f08208b05889f6509dfc1cf8af00e1a827f21816097fcd4fa",
        (119.4, 119.7, 117.6, 115.8, 120.4, 126.3),
    ),
    _Known(
        "AV1",
        "av1.mp4",
        "18a8896b33a8b4e5ac138dba002ba6005f775834729c3be14fff6fc6d4da281f",
        (119.6, 119.9, 117.6, 116.0, 120.0, 126.7),
    ),
    _Known(
        "VP9",
        "vp9.webm",
        "f4397c6e95804da152f325f3dc90c013bd8cd0fc99463897799999ff6f9d8156",
        (119.4, 119.8, 117.5, 115.8, 120.1, 126.5),
    ),
    _Known("MPEG-4 Visual", "mpeg4.avi", "", (119.6, 119.9, 117.9, 116.1, 120.3, 127.4)),
    _Known("Motion JPEG", "mjpeg.avi", "", (119.7, 120.1, 117.7, 115.4, 120.4, 127.8)),
)


@dataclass(frozen=True, slots=True)
class DecoderVerdict:
    """How a codec's decoder fared.

    Attributes:
        codec: such as ``H.264``.
        problem: what is wrong, empty when every pixel is right.
    """

    codec: str
    problem: str


def check_decoders() -> Iterator[DecoderVerdict]:
    """Decode each clip and compare; nothing is raised."""
    for known in KNOWN:
        try:
            frames = _decoded(_CLIPS / known.file)
        except Exception as error:  # noqa: BLE001 (whatever a decoder raises is its verdict)
            yield DecoderVerdict(known.codec, f"cannot decode ({error})")
            continue
        yield DecoderVerdict(known.codec, _difference(known, frames))


def _decoded(path: Path) -> list[npt.NDArray[np.uint8]]:
    """Planes of each frame, one below the other, (height * 3 / 2, width)."""
    with av.open(str(path), metadata_errors="replace") as container:
        return [np.asarray(frame.to_ndarray(), np.uint8) for frame in container.decode(video=0)]


def _difference(known: _Known, frames: list[npt.NDArray[np.uint8]]) -> str:
    if len(frames) != len(known.means):
        return f"gives {len(frames)} frames instead of {len(known.means)}"
    digest = hashlib.sha256(b"".join(frame.tobytes() for frame in frames)).hexdigest()
    if known.sha256:
        return "" if digest == known.sha256 else f"gives other pixels (sha256 {digest[:12]}…)"
    off = max(abs(float(frame.mean()) - mean) for frame, mean in zip(frames, known.means, strict=True))
    return "" if off <= _TOLERANCE else f"gives frames that are {off:.1f} levels too bright or too dark"
