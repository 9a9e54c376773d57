"""Residual detections: persons, faces and plates that verification detectors find unmasked in a redacted video.

Verification detectors miss objects too, so that none found does not prove that none is there: the rate per minute
comes with its confidence interval, also for zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.faint_riders import with_faint_riders
from pipeline.anonymize.mask_rendering import snap_to_chroma
from pipeline.anonymize.redaction_masks import FrameMasks, MaskPlan
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import PLATES, Tracklet, link_forward
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

MASKED_SHARE: Final = 0.5
"""A box whose middle is masked to at least this share shows the mask, or the object under it."""
MANUAL_SHARE: Final = 0.9
"""Of a whole box that manual regions have to hide."""
MIDDLE: Final = 0.7
"""Of a box's width and height: around a small dark mask detectors draw a box that is wider than it."""
HEAD: Final = 0.35
"""Of a person's height: a person masked from the waist down, by the mask of another person, is not masked."""
CERTAIN_SCORE: Final = 0.5
"""Of a person or face that counts in however few frames; plates that few frames show are read instead."""
FAINT_PLATE_SCORE: Final = 0.2
"""Of a detection that is read, in case it is a plate."""
LASTING_S: Final = 0.3
"""Time for which an object is shown that counts in however few frames, as where a frame rate varies."""
GAP_S: Final = 1.0
PERSONAL: Final = (Label.PERSON, Label.FACE, Label.PLATE)
_NO_BOXES: Final = np.empty((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class ResidualDetection:
    """One unmasked object in a redacted video.

    Attributes:
        label: of the object.
        first_s, last_s: when, in seconds of the video.
        frames: in how many frames.
        score: the highest, 0 to 1.
        best_frame: number of the frame with that score; box: (x1, y1, x2, y2) pixels in it.
        places: number of each frame, and the box (4,) in it.
    """

    label: Label
    first_s: float
    last_s: float
    frames: int
    score: float
    best_frame: int
    box: tuple[float, float, float, float]
    places: Sequence[tuple[int, npt.NDArray[np.float32]]] = ()


def unmasked(
    found: Detections,
    masks: npt.NDArray[np.float32],
    width: int,
    height: int,
    manual: npt.NDArray[np.float32] = _NO_BOXES,
) -> Detections:
    """The persons, faces and plates that no mask hides.

    Hidden is what masks of detections hide to at least `MASKED_SHARE` of its middle (of persons: of its head too), or
    what they and manual regions together hide to `MANUAL_SHARE` of its whole box. A manual region was not placed on
    what is seen: a pattern of them would otherwise hide half of everything, and no one.

    Args:
        found: detections of one frame.
        masks: (n, 4) its masks in pixels.
        width, height: pixels of the image.
        manual: (m, 4) its manual regions in pixels.
    """
    found = found.labeled(*PERSONAL)
    if not len(found):
        return found
    centers, sizes = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2, found.boxes[:, 2:] - found.boxes[:, :2]
    middles = np.concatenate([centers - sizes * MIDDLE / 2, centers + sizes * MIDDLE / 2], axis=1)
    heads = middles.copy()
    heads[:, 3] = heads[:, 1] + sizes[:, 1] * HEAD
    drawn = snap_to_chroma(masks, width, height)
    of_detections = hidden_shares(middles, drawn) >= MASKED_SHARE
    of_detections &= (found.labels != Label.PERSON) | (hidden_shares(heads, drawn) >= MASKED_SHARE)
    if not len(manual):
        return found.select(~of_detections)
    boxes = np.clip(found.boxes, 0, [width, height] * 2)
    of_all = hidden_shares(boxes, np.concatenate([drawn, snap_to_chroma(manual, width, height)])) >= MANUAL_SHARE
    return found.select(~(of_detections | of_all))


def hidden_shares(places: npt.NDArray[Any], rects: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """(n,) share of the area of each place (n, 4) that rectangles (m, 4) hide together, exactly."""
    shares = np.zeros(len(places))
    for number, (x1, y1, x2, y2) in enumerate(np.asarray(places, np.float64).tolist()):
        clipped = np.clip(np.asarray(rects, np.float64), [x1, y1, x1, y1], [x2, y2, x2, y2])
        clipped = clipped[(clipped[:, 2:] > clipped[:, :2]).all(axis=1)]
        if len(clipped):
            shares[number] = _union_area(clipped) / ((x2 - x1) * (y2 - y1))
    return shares


def _union_area(rects: npt.NDArray[np.float64]) -> float:
    """Area of the union of rectangles (n, 4), on the grid of their own sides."""
    across, down = np.unique(rects[:, [0, 2]]), np.unique(rects[:, [1, 3]])
    inside = np.zeros((len(down) - 1, len(across) - 1), bool)
    columns, rows = np.searchsorted(across, rects[:, [0, 2]]), np.searchsorted(down, rects[:, [1, 3]])
    for (left, right), (top, bottom) in zip(columns.tolist(), rows.tolist(), strict=True):
        inside[top:bottom, left:right] = True
    return float((inside * np.diff(across) * np.diff(down)[:, None]).sum())


class FoundResidual(NamedTuple):
    """Unmasked objects, by falling score, and faint detections that are read, in case they are plates."""

    objects: list[ResidualDetection]
    faint_plates: list[ResidualDetection]


def find_residual_detections(
    seen: VideoDetections,
    plan: MaskPlan,
    *,
    min_score: float,
    min_frames: int,
    overlay: npt.NDArray[np.float32] | None = None,
) -> FoundResidual:
    """The unmasked objects, and plates with a score of at least `FAINT_PLATE_SCORE` in any frame.

    A person counts where labels of a rider coincide, by the same rule as where masks are planned. An object that is
    shown for long counts in however few frames: some recorders store a frame only where something has changed.

    Args:
        seen: verification detections in the redacted video.
        plan: its masks, the exempted objects, and the captions.
        min_score: that an object must reach once.
        min_frames: least number of frames with it, unless they are shown for `LASTING_S`, or it is a person or face of
            `CERTAIN_SCORE`.
        overlay: (1, 4) xyxy in pixels; an opaque text that detectors may take for a plate. It hides what lies under
            it as a manual region does: half a plate beside it is one.
    """
    opaque = _NO_BOXES if overlay is None else overlay
    seen = with_faint_riders(seen, MaskSettings())
    per_frame = [_unmasked_in(found, plan.at(n), opaque, seen) for n, found in enumerate(seen.per_frame)]
    shown = replace(seen, per_frame=per_frame, fingerprints=())
    return FoundResidual(
        _residual_objects(shown, plan, min_score, min_frames),
        _residual_objects(shown, plan, FAINT_PLATE_SCORE, 1, groups=(PLATES,)),
    )


def _residual_objects(
    shown: VideoDetections, plan: MaskPlan, min_score: float, min_frames: int, groups: Collection[int] | None = None
) -> list[ResidualDetection]:
    """The objects of unmasked detections; see `find_residual_detections`."""
    step_s = float(np.median(np.diff(shown.times_s))) if len(shown) > 1 else GAP_S
    linking = MaskSettings(
        confirm_score=min_score,
        link_score=min_score / 2,
        plate_confirm_score=min_score,
        plate_link_score=min_score / 2,
        gap_s=max(GAP_S, 2.5 * step_s),
    )
    shown_s = shown.shown_s
    shown_s[-1:] = LASTING_S  # players hold the last frame
    found = [
        _residual_detection(tracklet, shown)
        for tracklet in link_forward(shown, linking, groups)
        if tracklet.max_score >= min_score
        and (
            len(tracklet.frames) >= min_frames
            or shown_s[tracklet.frames].sum() >= LASTING_S
            or (tracklet.group != PLATES and tracklet.max_score >= CERTAIN_SCORE)
        )
        and not plan.exempts(tracklet.frames, tracklet.boxes)
        and not plan.captions.hold(tracklet)
    ]
    return sorted(found, key=lambda residual: -residual.score)


def _unmasked_in(
    found: Detections, masks: FrameMasks, opaque: npt.NDArray[np.float32], seen: VideoDetections
) -> Detections:
    regions = np.concatenate([masks.of_regions, opaque])
    return unmasked(found, masks.of_detections, seen.width, seen.height, regions)


def rate_per_minute(count: int, seconds: float) -> tuple[float, float, float]:
    """Objects per minute, with the 95 % interval of a Poisson rate (Garwood, 1936)."""
    from scipy.special import gammaincinv  # here, because its import takes long

    minutes = max(seconds, 1e-3) / 60
    low = gammaincinv(count, 0.025) if count else 0.0
    high = gammaincinv(count + 1, 0.975)
    return count / minutes, float(low) / minutes, float(high) / minutes


@dataclass(frozen=True, slots=True)
class MissRate:
    """Estimate of the unmasked objects that a video may contain.

    Attributes:
        per_minute: estimate; low, high: its 95 % interval.
        detected, reference_objects: of the reference objects, which are certainly in the original, the verification
            detectors detected so many.
    """

    per_minute: float
    low: float
    high: float
    detected: int
    reference_objects: int


def estimate_miss_rate(count: int, seconds: float, detected: int, reference_objects: int) -> MissRate:
    """The miss rate from residual detections and from the recall of the verification detectors.

    Detectors that find four in five of the reference objects find four in five of the unknown ones: the observed rate
    is divided by their recall; its upper limit by the recall's lower one (Wilson). Without reference objects the
    recall is taken as 1.

    Args:
        count: of residual detections; seconds: of video.
        detected, reference_objects: see `MissRate`.
    """
    rate, low, high = rate_per_minute(count, seconds)
    if not reference_objects:
        return MissRate(rate, low, high, 0, 0)
    recall = detected / reference_objects
    least = max(wilson_low(detected, reference_objects), 0.01)
    return MissRate(rate / max(recall, least), low, high / least, detected, reference_objects)


def wilson_low(hits: int, of: int) -> float:
    """Lower end of the interval of 95 % of a proportion (Wilson 1927)."""
    z2 = 1.96**2
    center = hits + z2 / 2
    return float((center - 1.96 * np.sqrt(hits * (of - hits) / of + z2 / 4)) / (of + z2))


def with_residual_detections(
    detections: VideoDetections, found: Sequence[ResidualDetection], settings: MaskSettings
) -> VideoDetections:
    """The detections with residual ones added, for one more round of redaction.

    They are added with the score from which an object is masked: what verification detectors found is no reference by
    which these are judged. Verification detections that are not residual are not added.
    """
    boxes: dict[int, list[npt.NDArray[np.float32]]] = defaultdict(list)
    labels: dict[int, list[Label]] = defaultdict(list)
    for residual in found:
        for frame, box in residual.places:
            boxes[frame].append(box)
            labels[frame].append(residual.label)
    per_frame = [
        Detections.concatenate(
            [old, Detections.build(boxes[n], list(map(settings.confirm_score_of, labels[n])), labels[n])]
        )
        if n in boxes
        else old
        for n, old in enumerate(detections.per_frame)
    ]
    return replace(detections, per_frame=per_frame)


def _residual_detection(tracklet: Tracklet, seen: VideoDetections) -> ResidualDetection:
    best = int(np.argmax(tracklet.scores))
    x1, y1, x2, y2 = (float(value) for value in tracklet.boxes[best])
    return ResidualDetection(
        label=tracklet.label,
        first_s=float(seen.times_s[tracklet.frames[0]]),
        last_s=float(seen.times_s[tracklet.frames[-1]]),
        frames=len(tracklet.frames),
        score=tracklet.scores[best],
        best_frame=tracklet.frames[best],
        box=(x1, y1, x2, y2),
        places=tuple(zip(tracklet.frames, tracklet.boxes, strict=True)),
    )
