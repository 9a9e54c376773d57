"""Still image of an exempted region: unredacted inside, redacted outside, at four times of its span."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from pipeline.anonymize.exemption_stills import StillFrame, exemption_still, frames_of_region
from pipeline.anonymize.manual_regions import Region
from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.errors import ReleaseError

REGION = Region.model_validate({"from": 2, "to": 12, "box": (0.25, 0.25, 0.5, 0.5), "why": "a statue"})


@dataclass
class Clip:
    """A frame per second, each of its own brightness; implements what is read of a `Video`."""

    seconds: int
    damaged: int = 0
    person_at_s: int = -1

    @property
    def facts(self) -> VideoInfo:
        return VideoInfo(80, 40, Fraction(1), Fraction(1))

    def frames(self) -> Generator[VideoFrame, None, None]:
        for at_s in range(self.seconds):
            pixels = np.full((40, 80, 3), 10 * at_s, np.uint8)
            if at_s == self.person_at_s:
                pixels[12:20, 24:32] = 255
            yield VideoFrame(at_s, 5 + at_s, ArrayImage(pixels))


def test_the_first_the_middle_and_the_last_frame_of_the_span_are_shown() -> None:
    assert [one.at_s for one in frames_of_region(Clip(20), REGION)] == [2, 7, 11]
    assert [one.at_s for one in frames_of_region(Clip(4), REGION)] == [2, 3]
    assert [one.at_s for one in frames_of_region(Clip(20, person_at_s=9), REGION)] == [2, 7, 9, 11], "and the unusual"
    with pytest.raises(ReleaseError, match="lies from 2 to 12 s, in which the video has no frame"):
        frames_of_region(Clip(2), REGION)


def test_only_the_region_is_unredacted() -> None:
    frame = StillFrame(2.0, ArrayImage(np.full((40, 80, 3), 90, np.uint8)))
    still = exemption_still([frame, frame], [np.zeros((40, 80, 3), np.uint8)] * 2, REGION)
    height = still.shape[0] // 2
    for row in (0, height):
        image = still[row + height - 40 : row + height]
        assert (image[10:20, 20:40] == 90).all()
        outside = image.copy()
        outside[8:22, 18:42] = 0
        assert not outside.any()
        assert (image[9, 20:40] == (40, 40, 220)).all(), "the outline"
