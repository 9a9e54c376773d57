"""A finished film looked at by others before it leaves, and covered more where they still see somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.anonymize.residue import Residue, and_residues, rate_per_minute, residues
from pipeline.anonymize.sightings import Sightings
from pipeline.domain.film import Film
from pipeline.engine.anonymise import Anonymised, Anonymiser, look_through
from pipeline.engine.eyes import Eyes
from pipeline.engine.finders import Finders

SURE: Final = 0.4
"""Least score, once, of an object that counts as seen: below, these networks see people in shadows and signs."""
LEAST_FRAMES: Final = 3
MOST_ROUNDS: Final = 3
"""Of covering more: a cover may cut a shop's sign so that its rest looks like a plate."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What others saw.

    Attributes:
        eyes: names of the detectors that looked.
        independent: whether none of them chose the covers.
        found: what they see in the finished film.
        covered_more: how many objects further rounds covered because of them.
        per_minute: objects per minute in the finished film, with the limits of a 95 % interval.
    """

    eyes: Sequence[str]
    independent: bool
    found: Sequence[Residue]
    covered_more: int
    per_minute: tuple[float, float, float]


def make_checked(
    maker: Anonymiser, finders: Finders, eyes: Eyes, opened: Callable[[Path], Film], path: Path
) -> tuple[Anonymised, Checked]:
    """Make a film, have it looked at, and make it once more when somebody is still seen.

    Args:
        maker: of the film.
        finders: choose its covers.
        eyes: look at what was made.
        opened: a file as a film.
        path: where to write.

    Raises:
        SourceError, ModelRuntimeError, ReleaseError: see `Anonymiser`.
    """
    sightings = maker.look(finders)
    plan = maker.plan(sightings)
    done = maker.make(sightings, plan, path)
    seen = _seen(maker, eyes, opened(path), sightings)
    first = found = residues(seen, plan, sure=SURE, least_frames=LEAST_FRAMES)
    for _ in range(MOST_ROUNDS):
        if not found:
            break
        sightings = and_residues(sightings, seen, plan)
        plan = maker.plan(sightings)
        done = maker.make(sightings, plan, path)
        seen = _seen(maker, eyes, opened(path), sightings)
        found = residues(seen, plan, sure=SURE, least_frames=LEAST_FRAMES)
    return done, Checked(
        eyes=eyes.names,
        independent=eyes.independent,
        found=found,
        covered_more=max(0, len(first) - len(found)),
        per_minute=rate_per_minute(len(found), done.seconds),
    )


def _seen(maker: Anonymiser, eyes: Eyes, film: Film, sightings: Sightings) -> Sightings:
    seen = look_through(film, Finders([eyes]), maker.watch, lambda done: maker.told("check", done), "check")
    return Sightings(sightings.times_s, seen.found, sightings.scenes, seen.width, seen.height)
