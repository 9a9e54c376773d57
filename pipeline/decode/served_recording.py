"""Recordings that an HTTP source serves from their begin again: recognized by their first frames and length."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

import numpy as np

from pipeline.domain.frame import Frame

_FINGERPRINT_PX: Final = (64, 36)
"""Size at which images are compared."""
_COMPARED_S: Final = 10.0
"""Begin of a session that is compared."""
_DIFFERENT_IMAGES: Final = 3
"""That must be the same: a title or a black image begins many recordings."""
_LEAST_CONTRAST: Final = 16
"""Gray levels between the darkest and the brightest pixel of an image that says anything."""
_SAME_LENGTH_S: Final = 0.5


class Verdict(Enum):
    """What the first frames of a session say."""

    UNDECIDED = auto()
    ANOTHER = auto()
    SAME = auto()


class ServedRecording:
    """The begin of one session, compared with that of a recording that was read before.

    Frames are withheld until it is decided, so that no event is counted twice: those of one image only once.

    Args:
        before: of the recording, None where none was served.
        duration_s: stated by this session.
    """

    def __init__(self, before: ServedRecording | None, duration_s: float) -> None:
        same_length = before is not None and abs(before.duration_s - duration_s) <= _SAME_LENGTH_S
        self.duration_s: float = duration_s
        self._before = before.images if before is not None and same_length else {}
        self.images: dict[float, bytes] = {}
        """Fingerprint of the first frames, by their time; none of uniform ones."""
        self._same: set[bytes] = set()
        self._withheld: list[Frame] = []
        self.verdict = Verdict.UNDECIDED if self._before else Verdict.ANOTHER

    def passed(self, frame: Frame) -> Iterator[Frame]:
        """The next frame of the session; those that may be passed on by now."""
        found = _fingerprint(frame) if frame.pts_s <= _COMPARED_S else None
        if found is not None:
            self.images[frame.pts_s] = found
        if self.verdict is Verdict.UNDECIDED:
            self._compare(frame, found)
        if self.verdict is Verdict.ANOTHER:
            yield from self._withheld
            self._withheld.clear()
            yield frame

    def _compare(self, frame: Frame, found: bytes | None) -> None:
        known = self._before.get(frame.pts_s)
        if frame.pts_s > _COMPARED_S or (found is not None and known is not None and found != known):
            self.verdict = Verdict.ANOTHER
        elif found is not None and found == known and found not in self._same:
            self._same.add(found)
            self._withheld.append(frame)
            if len(self._same) >= _DIFFERENT_IMAGES:
                self.verdict = Verdict.SAME
                self._withheld.clear()


def _fingerprint(frame: Frame) -> bytes | None:
    """None of a uniform image."""
    image = frame.image.resized(*_FINGERPRINT_PX)
    if int(np.ptp(image)) < _LEAST_CONTRAST:
        return None
    return hashlib.sha256(image.tobytes()).digest()
