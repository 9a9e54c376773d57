"""A film made fit to be given away: looked through once, then read again, covered, marked and encoded.

Two readings instead of one with a delay: a cover may begin before its object was first seen and depends on all that
comes after, and nothing but boxes has to be kept meanwhile. Decoding twice costs a few per cent of the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.covers import CoverPlan, plan_covers
from pipeline.anonymize.encode import FilmWriter
from pipeline.anonymize.mark import Mark
from pipeline.anonymize.obscure import covered_share, obscure
from pipeline.anonymize.regions import Regions
from pipeline.anonymize.settings import AnonymizeSettings, Look, MarkText
from pipeline.anonymize.sightings import SceneCutter, Sightings, glance
from pipeline.domain.detections import Detections
from pipeline.domain.film import Film, FilmFrame, FilmPicture, Planes
from pipeline.engine.ahead import ahead
from pipeline.engine.finders import Finders
from pipeline.errors import ReleaseError

Progress = Callable[[str, int], None]
"""Told of the stage ("look", "make", "check", "probe") and how many frames of it are done."""


@dataclass(frozen=True, slots=True)
class Anonymised:
    """What was done.

    Attributes:
        frames: of the film.
        seconds: its length.
        objects: how many of each kind were followed and covered, by label.
        covered: mean share of the picture that is covered.
        stages_s: where the time went, in seconds.
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


def anonymise_picture(
    picture: FilmPicture,
    finders: Finders,
    settings: AnonymizeSettings,
    text: MarkText,
    regions: Regions | None = None,
) -> tuple[Planes, Anonymised]:
    """One picture with its covers and its mark.

    Raises:
        ModelRuntimeError: the network failed.
    """
    watch = Stopwatch()
    with watch.measuring("find"):
        found = [objects for _, objects in finders.look(iter([FilmFrame(0, 0, picture)]))]
    sightings = Sightings(np.zeros(1), found, np.zeros(1, np.int64), picture.width, picture.height)
    with watch.measuring("cover"):
        plan = plan_covers(sightings, settings.cover, regions)
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
        regions: what a person decided about places.

    Attributes:
        watch: the time of each stage.
    """

    def __init__(
        self,
        film: Film,
        settings: AnonymizeSettings,
        text: MarkText,
        told: Progress,
        regions: Regions | None = None,
    ) -> None:
        self.film = film
        self.regions = regions or Regions()
        self._settings = settings
        self._text = text
        self.told = told
        self.watch = Stopwatch()

    @property
    def look_is(self) -> Look:
        """What stands where somebody was."""
        return self._settings.look

    def look(self, finders: Finders) -> Sightings:
        """Everything that the detector, which should go down to `cover.least`, finds in the film.

        Raises:
            SourceError: the film cannot be read.
            ModelRuntimeError: the network failed.
            ReleaseError: it has no frame.
        """
        return look_through(self.film, finders, self.watch, lambda done: self.told("look", done), "find")

    def plan(self, sightings: Sightings) -> CoverPlan:
        """What is covered in each frame."""
        with self.watch.measuring("plan"):
            return plan_covers(sightings, self._settings.cover, self.regions)

    def make(self, sightings: Sightings, plan: CoverPlan, path: Path) -> Anonymised:
        """Write the film with its covers and its mark to `path`.

        Raises:
            SourceError: the film cannot be read.
            ReleaseError: it is another one than the one that was looked through, or cannot be written.
        """
        shares: list[float] = []
        with (
            self.watch.measuring("cover and encode"),
            FilmWriter(path, self.film.facts, self._settings) as writer,
            closing(ahead(self._covered(sightings, plan))) as covered,
        ):
            for planes, pts, share in covered:
                writer.write(planes, pts)
                shares.append(share)
                self.told("make", len(shares))
            if len(shares) != len(sightings):
                raise _changed()
            writer.finish()
        return Anonymised(
            frames=len(shares),
            seconds=float(sightings.times_s[-1] - sightings.times_s[0]),
            objects=_words(plan),
            covered=float(np.mean(shares)),
            stages_s=dict(self.watch.stages_s),
        )

    def _covered(self, sightings: Sightings, plan: CoverPlan) -> Generator[tuple[Planes, int, float], None, None]:
        """Each frame's covered planes, time and covered share."""
        facts = self.film.facts
        mark = Mark(self._text, facts.width, facts.height)
        with closing(ahead(self.film.frames())) as frames:
            for number, frame in enumerate(frames):
                at_s, thumbnail = float(frame.pts * facts.time_base), frame.picture.resized(*SceneCutter.SIZE)
                if not sightings.is_frame(number, at_s, thumbnail):
                    raise _changed()
                covers = plan.of(number)
                planes = frame.picture.planes()
                obscure(planes, covers, self._settings.look)
                mark.burn(planes)
                yield planes, frame.pts, covered_share(covers, facts.width, facts.height)


def look_through(film: Film, finders: Finders, watch: Stopwatch, told: Callable[[int], None], stage: str) -> Sightings:
    """Everything that the detector finds in the film.

    Args:
        film: what is looked at.
        finders: who looks.
        watch: takes the time, as `stage`.
        told: hears how many frames are done.
        stage: its name.

    Raises:
        SourceError: the film cannot be read.
        ModelRuntimeError: the network failed.
        ReleaseError: it has no frame.
    """
    times_s: list[float] = []
    found: list[Detections] = []
    glances: list[npt.NDArray[np.uint8]] = []
    cutter = SceneCutter()
    with watch.measuring(stage), closing(ahead(film.frames())) as frames:
        for frame, objects in finders.look(frames):
            times_s.append(float(frame.pts * film.facts.time_base))
            thumbnail = frame.picture.resized(*SceneCutter.SIZE)
            cutter.add(thumbnail, times_s[-1])
            glances.append(glance(thumbnail))
            found.append(objects)
            told(len(found))
    if not found:
        raise ReleaseError("the clip", "would hold no frame", "Choose a span of time in which there are pictures")
    facts = film.facts
    return Sightings(np.array(times_s), found, cutter.scenes(), facts.width, facts.height, glances)


def _words(plan: CoverPlan) -> dict[str, int]:
    return {label.word: count for label, count in sorted(plan.objects.items())}


def _changed() -> ReleaseError:
    return ReleaseError(
        "the source", "is no longer the film that was looked through", "Start again when nobody writes to it"
    )
