"""What others still see in a finished video: objects that no cover hides, found by detectors that did not choose them.

An honest reading: these eyes miss people too, so nothing found is not nobody there. The rate per minute has its
interval, also when it is nought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.manual_regions import Region
from pipeline.anonymize.redaction_masks import CoverPlan
from pipeline.anonymize.settings import CoverSettings
from pipeline.anonymize.tracklets import GROUPS, Tracklet, link_both_ways
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

HIDDEN = 0.5
"""A box of whose middle at least so much lies under covers is a view of the cover, or of who is under it."""
MIDDLE = 0.7
"""Of a box's width and height: around a small dark cover detectors draw a box that is wider than it."""
HEAD = 0.35
"""Of a person's height: who is hidden from the waist down, behind somebody else's cover, is not hidden."""
CERTAIN = 0.5
"""Score of a person or face that counts in however few frames; plates that few frames show are read instead."""
GAP_S = 1.0
PERSONAL = (Label.PERSON, Label.FACE, Label.PLATE)
_PLATES = GROUPS.index(frozenset({Label.PLATE}))


@dataclass(frozen=True, slots=True)
class Residue:
    """One object that somebody still sees.

    Attributes:
        label: what it seems to be.
        first_s, last_s: when, in seconds of the video.
        frames: in how many frames.
        score: the surest of them, 0 to 1.
        at: number of that frame; box: (x1, y1, x2, y2) pixels in it.
        places: number of each frame, and the box (4,) in it.
    """

    label: Label
    first_s: float
    last_s: float
    frames: int
    score: float
    at: int
    box: tuple[float, float, float, float]
    places: Sequence[tuple[int, npt.NDArray[np.float32]]] = ()


def uncovered(found: Detections, covers: npt.NDArray[np.float32], width: int, height: int) -> Detections:
    """The persons, faces and plates of whose middle, or of persons: of whose head, less than half lies under covers
    (n, 4)."""
    found = found.labeled(*PERSONAL)
    if not len(found):
        return found
    step = max(1, round(min(width, height) / 240))
    mask = np.zeros((-(-height // step), -(-width // step)), bool)
    for x1, y1, x2, y2 in np.rint(covers / step).astype(int).tolist():
        mask[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = True
    centers, sizes = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2, found.boxes[:, 2:] - found.boxes[:, :2]
    middles = np.concatenate([centers - sizes * MIDDLE / 2, centers + sizes * MIDDLE / 2], axis=1)
    heads = middles.copy()
    heads[:, 3] = heads[:, 1] + sizes[:, 1] * HEAD
    bare = _bare(mask, middles / step) | ((found.labels == Label.PERSON) & _bare(mask, heads / step))
    return found.select(bare)


def _bare(mask: npt.NDArray[np.bool_], places: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """(n,) whether less than half of each place (n, 4), points of the mask, is set in it."""
    bare = []
    for x1, y1, x2, y2 in np.rint(places).astype(int).tolist():
        part = mask[max(y1, 0) : max(y2, y1 + 1), max(x1, 0) : max(x2, x1 + 1)]
        bare.append(not part.size or part.mean() < HIDDEN)
    return np.array(bare, bool)


def residues(
    seen: Sightings, plan: CoverPlan, *, sure: float, least_frames: int, freed: Sequence[Region] = ()
) -> list[Residue]:
    """The objects that were seen uncovered, surest first.

    Args:
        seen: what the other eyes found in the finished video.
        plan: its covers.
        sure: least score, once, of an object.
        least_frames: in how many frames it must be seen at least; all that a second has, where those are fewer, and one
            for a person or face that is certain.
        freed: regions in which a second person agreed to leave objects as they are.
    """
    step_s = float(np.median(np.diff(seen.times_s))) if len(seen) > 1 else GAP_S
    bare = [uncovered(found, plan.of(n).boxes, seen.width, seen.height) for n, found in enumerate(seen.found)]
    chains, _ = link_both_ways(
        Sightings(seen.times_s, bare, seen.scenes, seen.width, seen.height),
        CoverSettings(sure=sure, faint=sure / 2, plate_sure=sure, plate_faint=sure / 2, gap_s=max(GAP_S, 2.5 * step_s)),
    )
    least = min(least_frames, max(1, int(GAP_S / step_s)), len(seen))
    found = [
        _residue(chain, seen)
        for chain in chains
        if max(chain.scores) >= sure
        and (len(chain.frames) >= least or (chain.group != _PLATES and max(chain.scores) >= CERTAIN))
        and not any(region.keeps(chain.frames, chain.boxes, seen) for region in freed)
    ]
    return sorted(found, key=lambda residue: -residue.score)


def rate_per_minute(count: int, seconds: float) -> tuple[float, float, float]:
    """Objects per minute, with the 95 % interval of a Poisson rate (Garwood, 1936)."""
    from scipy.special import gammaincinv  # here, because its import takes long

    minutes = max(seconds, 1e-3) / 60
    low = gammaincinv(count, 0.025) if count else 0.0
    high = gammaincinv(count + 1, 0.975)
    return count / minutes, float(low) / minutes, float(high) / minutes


@dataclass(frozen=True, slots=True)
class Misses:
    """How many uncovered objects a video may hold that somebody could see.

    Attributes:
        per_minute: estimate; low, high: its 95 % interval.
        eyes_saw, eyes_asked: of how many objects that were covered these eyes saw how many, before they were.
    """

    per_minute: float
    low: float
    high: float
    eyes_saw: int
    eyes_asked: int


def misses(count: int, seconds: float, eyes_saw: int, eyes_asked: int) -> Misses:
    """From what the eyes saw uncovered, and from what they see at all.

    Detectors that find four in five of the known objects find four in five of the unknown ones, so what they
    saw is divided by that share; the upper limit by its lower one (Wilson). Without anybody known to be there, the
    share is taken as 1.
    """
    rate, low, high = rate_per_minute(count, seconds)
    if not eyes_asked:
        return Misses(rate, low, high, 0, 0)
    share = eyes_saw / eyes_asked
    least = max(_wilson_low(eyes_saw, eyes_asked), 0.01)
    return Misses(rate / max(share, least), low, high / least, eyes_saw, eyes_asked)


def _wilson_low(hits: int, of: int) -> float:
    z2 = 1.96**2
    center = hits + z2 / 2
    return float((center - 1.96 * np.sqrt(hits * (of - hits) / of + z2 / 4)) / (of + z2))


def and_residues(sightings: Sightings, found: Sequence[Residue]) -> Sightings:
    """The sightings, and the objects that the other eyes saw: for one more round of covering.

    They are added as certain, so that they are covered however sure the covers want to be; what the eyes saw but do
    not count as an object is not.
    """
    boxes: dict[int, list[npt.NDArray[np.float32]]] = defaultdict(list)
    labels: dict[int, list[Label]] = defaultdict(list)
    for residue in found:
        for frame, box in residue.places:
            boxes[frame].append(box)
            labels[frame].append(residue.label)
    more = [
        Detections.concatenate([old, Detections.build(boxes[n], [1.0] * len(boxes[n]), labels[n])])
        if n in boxes
        else old
        for n, old in enumerate(sightings.found)
    ]
    return replace(sightings, found=more)


def _residue(chain: Tracklet, seen: Sightings) -> Residue:
    best = int(np.argmax(chain.scores))
    x1, y1, x2, y2 = (float(value) for value in chain.boxes[best])
    return Residue(
        label=next(iter(GROUPS[chain.group])),
        first_s=float(seen.times_s[chain.frames[0]]),
        last_s=float(seen.times_s[chain.frames[-1]]),
        frames=len(chain.frames),
        score=chain.scores[best],
        at=chain.frames[best],
        box=(x1, y1, x2, y2),
        places=tuple(zip(chain.frames, chain.boxes, strict=True)),
    )
