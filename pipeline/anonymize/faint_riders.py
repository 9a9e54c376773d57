"""Faint riders: person detections where networks see a person, a two-wheeler and a narrow vehicle at one place.

From behind, in profile and from a pole, a rider and the machine are one upright figure. Networks divide their score
among three labels then, each of them too low to count, or name it a car that is taller than wide. Walkers have such a
sum too, from a bag or a shadow that is faintly a bicycle: where a certain person's mask hides it, nothing is added.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import LABEL_GROUPS, PERSONS, TWO_WHEELERS, VEHICLES
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections, overlaps, shared_areas
from pipeline.domain.labels import Label

UPRIGHT: Final = 1.2
"""Least height of a rider with the machine, in widths."""
NARROW: Final = 1.5
"""The same of a vehicle that is a rider whatever its score. Trucks and buses seen from the front have up to 1.4."""
NARROW_HEIGHT: Final = 0.3
"""Largest height of such a vehicle, as a share of the image's: larger riders are recognized …"""
CUT_PX: Final = 1.0
"""… and nearer than this to the left or right edge it is a part of a wider one."""
SAME_PLACE_IOU: Final = 0.3
CERTAIN_SCORE: Final = 0.5
"""A vehicle with this score that is not narrow is one."""
INFERRED_SCORE: Final = 0.45
"""Highest score of such a person: no network has seen one, so it is no object that is certainly there."""
IN_MASK: Final = 0.8
"""Share of a rider's box in a certain person's mask, from which the rider is that person."""

Floats = npt.NDArray[np.float32]


def with_faint_riders(detections: VideoDetections, settings: MaskSettings) -> VideoDetections:
    """The detections and a person, with the sum of the scores, wherever labels of a rider coincide.

    Args:
        detections: of the video.
        settings: from a sum of `rider_confirm_score` the person has `confirm_score` at least, and no more than that or
            `INFERRED_SCORE`. A two-wheeler adds at most the former, from which it has a rider unless it is parked.
    """
    size = detections.width, detections.height
    per_frame = [
        Detections.concatenate([found, faint_riders(found, *size, settings)]) if len(found) else found
        for found in detections.per_frame
    ]
    return replace(detections, per_frame=per_frame)


def faint_riders(found: Detections, width: int, height: int, settings: MaskSettings) -> Detections:
    """Persons where two of person, two-wheeler and upright vehicle coincide, and on narrow vehicles.

    Args:
        found: detections of one frame.
        width, height: pixels of the image.
        settings: see `with_faint_riders`.
    """
    boxes, scores = found.boxes, found.scores
    sides = boxes[:, 2:] - boxes[:, :2]
    upright = sides[:, 1] >= UPRIGHT * sides[:, 0]
    person, wheels, vehicle = (_labeled(found, group) for group in (PERSONS, TWO_WHEELERS, VEHICLES))
    narrow = vehicle & (sides[:, 1] >= NARROW * sides[:, 0]) & (sides[:, 1] < NARROW_HEIGHT * height)
    narrow &= (boxes[:, 0] > CUT_PX) & (boxes[:, 2] < width - CUT_PX)
    vehicle &= upright & (scores < CERTAIN_SCORE)
    places = np.flatnonzero(upright & (person | wheels | vehicle | narrow))
    if not len(places):
        return Detections.empty()
    same = overlaps(boxes[places], boxes) >= SAME_PLACE_IOU
    same[np.arange(len(places)), places] = True
    parts = [np.where(same & labeled, scores, 0).max(axis=1) for labeled in (person, wheels, vehicle)]
    parts[1] = np.minimum(parts[1], np.float32(settings.rider_confirm_score))
    together = np.stack(parts)
    sums = np.where((together > 0).sum(axis=0) >= 2, together.sum(axis=0), 0)
    sums = np.maximum(sums, np.where(narrow[places], scores[places], 0))
    certain = sums >= settings.rider_confirm_score
    sums = np.where(certain, np.clip(sums, settings.confirm_score, max(settings.confirm_score, INFERRED_SCORE)), sums)
    added = (sums > 0) & ~_in_masks(boxes[places], found, settings)
    return Detections.build(boxes[places][added], sums[added].tolist(), [Label.PERSON] * int(added.sum()))


def _in_masks(boxes: Floats, found: Detections, settings: MaskSettings) -> npt.NDArray[np.bool_]:
    """(n,) whether the mask of a person that is certain by itself hides a box (n, 4)."""
    persons = found.boxes[_labeled(found, PERSONS) & (found.scores >= settings.confirm_score)]
    margins = np.tile(persons[:, 2:] - persons[:, :2], 2) * np.array([-1, -1, 1, 1]) * settings.person_margin
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    hidden = shared_areas(boxes, (persons + margins).astype(np.float32))
    return np.asarray((hidden >= IN_MASK * np.maximum(areas, 1e-6)[:, None]).any(axis=1))


def _labeled(found: Detections, group: int) -> npt.NDArray[np.bool_]:
    return np.isin(found.labels, [int(label) for label in LABEL_GROUPS[group]])
