"""Manual regions from a YAML file: redacted in addition, or – with a second person's approval – exempted.

::

    redact:
      - {from: 3.0, to: 7.5, box: [0.10, 0.20, 0.25, 0.60], why: a poster with a face}
    exempt:
      - {from: 0, to: 10, box: [0.70, 0.10, 0.80, 0.40], why: a statue}

Times are seconds from the first frame; a box is left, top, right, lower edge as shares of the upright image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.plural import counted
from pipeline.errors import ReleaseError
from pipeline.storage.yaml_document import BadDocument, line_of, parse_yaml, read_text

MAX_S: Final = 1_000_000.0
MAX_AT_ONCE: Final = 100
"""Regions at one time: more are a pattern over the image, behind which verification detectors find no one."""
SLIT: Final = 0.03
"""Share of the image's width or height up to which the gap between two regions is redacted with them."""
_Share = Annotated[float, Field(ge=0, le=1)]
_Second = Annotated[float, Field(ge=0, le=MAX_S)]


class Region(BaseModel):
    """A rectangle of the image during a span of time.

    Attributes:
        begin_s, end_s: seconds from the first frame, the end not included.
        box: x1, y1, x2, y2 as shares of the upright image.
        why: what is there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    begin_s: _Second = Field(default=0.0, alias="from")
    end_s: _Second = Field(default=MAX_S, alias="to")
    box: tuple[_Share, _Share, _Share, _Share]
    why: str = Field(min_length=1, max_length=300)

    @model_validator(mode="after")
    def _has_extent(self) -> Self:
        if self.end_s <= self.begin_s:
            raise ValueError("to must be later than from")
        if self.box[2] <= self.box[0] or self.box[3] <= self.box[1]:
            raise ValueError(
                "box must be [left, top, right, lower edge], shares of the image, left < right, top < lower"
            )
        return self

    def pixels(self, width: int, height: int) -> tuple[float, float, float, float]:
        """`box` in pixels."""
        x1, y1, x2, y2 = self.box
        return x1 * width, y1 * height, x2 * width, y2 * height

    def frames(self, detections: VideoDetections) -> npt.NDArray[np.int64]:
        """Numbers of the frames within its span."""
        since_s = detections.times_s - detections.times_s[0]
        return np.flatnonzero((since_s >= self.begin_s) & (since_s < self.end_s))

    def contains(
        self, frames: npt.ArrayLike, boxes: npt.NDArray[np.float32] | Sequence[Any], detections: VideoDetections
    ) -> bool:
        """Whether an object stays within the region, in space and in time.

        Args:
            frames: (n,) numbers of the frames with the object; boxes: (n, 4) its boxes there, in pixels.
            detections: of the video.
        """
        x1, y1, x2, y2 = self.pixels(detections.width, detections.height)
        places = np.asarray(boxes, np.float64).reshape(-1, 4)
        inside = (places[:, :2] >= [x1, y1]).all() and (places[:, 2:] <= [x2, y2]).all()
        return bool(inside and np.isin(frames, self.frames(detections)).all())


class ManualRegions(BaseModel):
    """Regions that a person decided on.

    Attributes:
        redact: filled, whatever was detected there; see `redacted`.
        exempt: things that stand in one of these all the time are not masked, see `exemptions`; two persons agreed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    redact: tuple[Region, ...] = Field(default=(), max_length=1000)
    exempt: tuple[Region, ...] = Field(default=(), max_length=1000)

    @field_validator("redact")
    @classmethod
    def _is_no_pattern(cls, regions: tuple[Region, ...]) -> tuple[Region, ...]:
        most = max((sum(one.begin_s <= at.begin_s < one.end_s for one in regions) for at in regions), default=0)
        if most > MAX_AT_ONCE:
            raise ValueError(
                f"{counted(most, 'region')} at one time, and at most {MAX_AT_ONCE} may be; draw larger ones"
            )
        return regions

    @property
    def redacted(self) -> tuple[Region, ...]:
        """`redact`, and the slits between them: a lattice is redacted like an area."""
        across = _with_slits(self.redact, 0)
        return _with_slits(_with_slits(across, 1), 0)


def _with_slits(regions: tuple[Region, ...], axis: int) -> tuple[Region, ...]:
    """Regions, and the gaps of at most `SLIT` between those that face one another, to the right (0) or below (1)."""
    if len(regions) < 2:
        return regions
    boxes, spans = np.array([one.box for one in regions]), np.array([(one.begin_s, one.end_s) for one in regions])
    along = 1 - axis
    slits = []
    for box, span in zip(boxes, spans, strict=True):
        low, high = np.maximum(boxes[:, along], box[along]), np.minimum(boxes[:, along + 2], box[along + 2])
        begin_s, end_s = np.maximum(spans[:, 0], span[0]), np.minimum(spans[:, 1], span[1])
        gap = boxes[:, axis] - box[axis + 2]
        for number in np.flatnonzero((gap > 0) & (gap <= SLIT) & (high > low) & (end_s > begin_s)).tolist():
            edges = [0.0] * 4
            edges[axis], edges[axis + 2] = float(box[axis + 2]), float(boxes[number, axis])
            edges[along], edges[along + 2] = float(low[number]), float(high[number])
            span_s = {"from": float(begin_s[number]), "to": float(end_s[number])}
            slits.append(Region.model_validate({**span_s, "box": edges, "why": "a slit"}))
    return tuple(dict.fromkeys((*regions, *slits)))


def read_regions(path: Path) -> ManualRegions:
    """Regions from a file.

    Raises:
        ReleaseError: it cannot be read or is not valid; the line is named.
    """
    try:
        tree = parse_yaml(read_text(path))
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be read ({error.strerror})", "Check the path") from error
    except UnicodeDecodeError as error:
        fix = "Write regions as YAML; see docs/how-to/anonymize.md"
        raise ReleaseError(str(path), "is not text (UTF-8)", fix) from error
    except BadDocument as error:
        place = f"{path}:{error.line}" if error.line else str(path)
        raise ReleaseError(place, error.problem, error.fix) from error
    try:
        return ManualRegions.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "regions"
        raise ReleaseError(
            f"{path}:{line_of(tree, first['loc'])}",
            f"{key}: {first['msg'].removeprefix('Value error, ')}",
            "Write redact: [{from: 3.0, to: 7.5, box: [0.1, 0.2, 0.25, 0.6], why: a poster}]",
        ) from error


def regions_as_json(regions: Sequence[Region]) -> list[dict[str, Any]]:
    """Regions as JSON values, with the keys of the YAML file."""
    return [region.model_dump(by_alias=True) for region in regions]
