"""A film made fit to be given away: looked through once, then read again, covered, marked and encoded.

Two readings instead of one with a delay: a cover may begin before its object was first seen and depends on all that
comes after, and nothing but boxes has to be kept meanwhile. Decoding twice costs a few per cent of the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import __version__
from pipeline.anonymize.covers import CoverPlan, plan_covers
from pipeline.anonymize.encode import FilmWriter
from pipeline.anonymize.mark import Mark, MarkText
from pipeline.anonymize.obscure import covered_share, obscure
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.anonymize.sightings import SceneCutter, Sightings
from pipeline.domain.detections import Detections
from pipeline.domain.film import Film, FilmFrame, FilmPicture, Planes
from pipeline.domain.ports import Detector
from pipeline.engine.ahead import ahead
from pipeline.errors import ReleaseError

Progress = Callable[[str, int], None]
"""Told of the stage ("look", "make") and how many frames of it are done."""


@dataclass(frozen=True, slots=True)
class Anonymised:
    """What was done.

    Attributes:
        frames: of the film.
        seconds: its length.
        objects: how many of each kind were followed and covered, by label.
        covered: mean share of the picture that is covered.
        stages_s: where the time went, in seconds of this process's main thread.
    """

    frames: int
    seconds: float
    objects: Mapping[str, int]
    covered: float
    stages_s: Mapping[str, float]


@dataclass(slots=True)
class Stopwatch:
    """Seconds per stage."""

    stages_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measuring(self, stage: str) -> Iterator[None]:
        """Add the time until this ends."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.stages_s[stage] = self.stages_s.get(stage, 0.0) + time.perf_counter() - began


def statement(done: Anonymised, settings: AnonymizeSettings, text: MarkText, model: str) -> dict[str, Any]:
    """What is signed: who gives it away, what was covered, how, and by which models."""
    return {
        "institution": text.institution,
        "camera": text.camera,
        "date": text.moment,
        "number": text.number,
        "software": f"viapublica {__version__}",
        "models": model,
        "look": settings.look.value,
        "covers": settings.cover.model_dump(),
        "frames": done.frames,
        "seconds": round(done.seconds, 3),
        "objects": dict(done.objects),
        "covered": round(done.covered, 4),
    }


def anonymise_picture(
    picture: FilmPicture, detector: Detector, settings: AnonymizeSettings, text: MarkText
) -> tuple[Planes, Anonymised]:
    """One picture with its covers and its mark.

    Raises:
        ModelRuntimeError: the network failed.
    """
    watch = Stopwatch()
    with watch.measuring("find"):
        found = detector.detect([picture])
    sightings = Sightings(np.zeros(1), found, np.zeros(1, np.int64), picture.width, picture.height)
    with watch.measuring("cover"):
        plan = plan_covers(sightings, settings.cover)
        planes, covers = picture.planes(), plan.of(0)
        obscure(planes, covers, settings.look)
        Mark(text, picture.width, picture.height).burn(planes)
    share = covered_share(covers, picture.width, picture.height)
    return planes, Anonymised(1, 0.0, _words(plan), share, watch.stages_s)


class Anonymiser:
    """Both readings of a film.

    Args:
        film: what is to be covered.
        settings: of covers and encoder.
        text: of the mark.
        told: hears how far it is.
    """

    def __init__(self, film: Film, settings: AnonymizeSettings, text: MarkText, told: Progress) -> None:
        self._film = film
        self._settings = settings
        self._text = text
        self._told = told
        self._watch = Stopwatch()

    def look(self, detector: Detector) -> Sightings:
        """Everything that the detector, which should go down to `cover.least`, finds in the film.

        Raises:
            SourceError: the film cannot be read.
            ModelRuntimeError: the network failed.
            ReleaseError: it has no frame.
        """
        times_s: list[float] = []
        scenes: list[int] = []
        found: list[Detections] = []
        cutter = SceneCutter()
        for frame in self._frames("wait for pictures"):
            times_s.append(float(frame.pts * self._film.facts.time_base))
            scenes.append(cutter.scene(frame.picture.resized(*SceneCutter.SIZE)))
            with self._watch.measuring("find"):
                found.append(detector.detect([frame.picture])[0])
            self._told("look", len(found))
        if not found:
            raise ReleaseError("the clip", "would hold no frame", "Choose a span of time in which there are pictures")
        facts = self._film.facts
        return Sightings(np.array(times_s), found, np.array(scenes, np.int64), facts.width, facts.height)

    def plan(self, sightings: Sightings) -> CoverPlan:
        """What is covered in each frame."""
        with self._watch.measuring("plan"):
            return plan_covers(sightings, self._settings.cover)

    def make(self, sightings: Sightings, plan: CoverPlan, path: Path) -> Anonymised:
        """Write the film with its covers and its mark to `path`.

        Raises:
            SourceError: the film cannot be read.
            ReleaseError: it is another one than the one that was looked through, or cannot be written.
        """
        facts = self._film.facts
        mark = Mark(self._text, facts.width, facts.height)
        shares: list[float] = []
        with FilmWriter(path, facts, self._settings) as writer:
            for frame in self._frames("wait for pictures again"):
                number = len(shares)
                if number >= len(sightings) or float(frame.pts * facts.time_base) != sightings.times_s[number]:
                    raise _changed()
                covers = plan.of(number)
                with self._watch.measuring("cover"):
                    planes = frame.picture.planes()
                    obscure(planes, covers, self._settings.look)
                    mark.burn(planes)
                    shares.append(covered_share(covers, facts.width, facts.height))
                with self._watch.measuring("encode"):
                    writer.write(planes, frame.pts)
                self._told("make", len(shares))
            if len(shares) != len(sightings):
                raise _changed()
            with self._watch.measuring("encode"):
                writer.finish()
        return Anonymised(
            frames=len(shares),
            seconds=float(sightings.times_s[-1] - sightings.times_s[0]),
            objects=_words(plan),
            covered=float(np.mean(shares)),
            stages_s=dict(self._watch.stages_s),
        )

    def _frames(self, stage: str) -> Iterator[FilmFrame]:
        """The film's frames, decoded ahead; the time that is spent waiting for them counts as `stage`."""
        with closing(ahead(self._film.frames())) as frames:
            while True:
                with self._watch.measuring(stage):
                    frame = next(frames, None)
                if frame is None:
                    return
                yield frame


def _words(plan: CoverPlan) -> dict[str, int]:
    return {label.word: count for label, count in sorted(plan.objects.items())}


def _changed() -> ReleaseError:
    return ReleaseError(
        "the source", "is no longer the film that was looked through", "Start again when nobody writes to it"
    )
