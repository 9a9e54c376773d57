"""A finished video looked at by others before it leaves, covered more where they still see somebody, and attacked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.anonymize.redaction_masks import CoverPlan
from pipeline.anonymize.residual_detections import Misses, Residue, and_residues, misses, residues
from pipeline.anonymize.settings import WEAKER_LOOKS
from pipeline.anonymize.video_detections import Sightings
from pipeline.app.release.attack_evaluation import Probed, probe
from pipeline.app.release.redaction_run import Anonymized, Anonymizer, look_through
from pipeline.detect.detector_ensemble import DetectorEnsemble
from pipeline.detect.detector_pool import DetectorPool
from pipeline.domain.labels import Label
from pipeline.domain.ports import PlateReader
from pipeline.domain.video import Video

SURE: Final = 0.4
"""Least score, once, of an object that counts as seen: below, these networks see people in shadows and signs."""
LEAST_FRAMES: Final = 3
MOST_ROUNDS: Final = 3
"""Of covering more: a cover may cut a shop's sign so that its rest looks like a plate."""
FAINT_PLATE: Final = 0.2
"""Least score of what is read as a plate, in case it is one."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What others saw.

    Attributes:
        eyes: names of the detectors that looked.
        reader: name of the plate reader, empty for none.
        independent: whether none of them chose the covers.
        found: what they see in the finished video; plates that can be read among it.
        covered_more: how many objects further rounds covered because of them.
        rounds: of covering more.
        misses: estimate of uncovered objects per minute.
        probed: what attacks gave.
        weaker: the look is one that attacks read: that people are matched does not stop it, that plates are read does.
    """

    eyes: Sequence[str]
    reader: str
    independent: bool
    found: Sequence[Residue]
    covered_more: int
    rounds: int
    misses: Misses
    probed: Probed
    weaker: bool

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it must not leave, in words; none when it may."""
        told = []
        if self.found:
            told.append(f"others still see {len(self.found)} uncovered objects")
        if self.probed.plates_read > len(self.probed.plates_seen):
            told.append("plates are read under their covers")
        if not self.weaker:
            told += [
                f"{word}s are recognized under their covers more often than by chance"
                for word in self.probed.recognized
            ]
        return tuple(told)


@dataclass(frozen=True)
class Checkers:
    """Who looks at a finished video: `reader` is of plates, none where its weights are not here."""

    eyes: DetectorEnsemble
    reader: PlateReader | None


def make_checked(
    maker: Anonymizer, finders: DetectorPool, checkers: Checkers, opened: Callable[[Path], Video], path: Path
) -> tuple[Anonymized, CoverPlan, Sightings, Checked]:
    """Make a video, have it looked at, make it once more when somebody is still seen, and attack it.

    Args:
        maker: of the video.
        finders: choose its covers.
        checkers: look at what was made.
        opened: a file as a video.
        path: where to write.

    Raises:
        SourceError, ModelRuntimeError, ReleaseError: see `Anonymizer`.
    """
    eyes, freed = checkers.eyes, maker.regions.uncover
    sightings = maker.look(finders)
    rounds, first = 0, 0
    while True:
        plan = maker.plan(sightings)
        done = maker.make(sightings, plan, path)
        seen = _seen(maker, eyes, opened(path), sightings)
        found = residues(seen, plan, sure=SURE, least_frames=LEAST_FRAMES, freed=freed)
        first = first if rounds else len(found)
        if not found or rounds == MOST_ROUNDS:
            break
        rounds += 1
        sightings = and_residues(sightings, found)
    faint = residues(seen, plan, sure=FAINT_PLATE, least_frames=1, freed=freed)
    plates = [residue for residue in (*found, *faint) if residue.label is Label.PLATE]
    with maker.watch.measuring("probe"):
        probed = probe(
            maker.video,
            opened(path),
            sightings=sightings,
            plan=plan,
            eyes=eyes,
            reader=checkers.reader,
            freed=freed,
            bare_plates=plates,
            told=lambda number: maker.told("probe", number),
        )
    found = _there(found, probed)
    return (
        done,
        plan,
        sightings,
        Checked(
            eyes=eyes.names,
            reader=checkers.reader.name if checkers.reader else "",
            independent=eyes.independent,
            found=found,
            covered_more=max(0, first - len(found)),
            rounds=rounds,
            misses=misses(len(found), done.seconds, probed.eyes_saw, probed.eyes_asked),
            probed=probed,
            weaker=maker.look_is in WEAKER_LOOKS,
        ),
    )


def _there(found: Sequence[Residue], probed: Probed) -> list[Residue]:
    """Without plates that only the covers make, and with faint ones that can be read."""
    kept = [residue for residue in found if residue.label is not Label.PLATE or residue in probed.plates_there]
    return [*kept, *(plate for plate in probed.plates_seen if plate not in kept)]


def _seen(maker: Anonymizer, eyes: DetectorEnsemble, video: Video, sightings: Sightings) -> Sightings:
    seen = look_through(video, DetectorPool([eyes]), maker.watch, lambda done: maker.told("check", done), "check")
    return Sightings(sightings.times_s, seen.found, sightings.scenes, seen.width, seen.height)
