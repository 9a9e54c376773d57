"""A clip from its source to the file that may leave: covered, looked at by others, signed, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.anonymize.manual_regions import Regions
from pipeline.anonymize.provenance import sign_in_place
from pipeline.anonymize.redaction_masks import CoverPlan
from pipeline.anonymize.settings import AnonymizeSettings, MarkText
from pipeline.anonymize.video_detections import Sightings
from pipeline.app.release.provenance_claims import masks_said, statement
from pipeline.app.release.redaction_run import Anonymized, Anonymizer, Progress
from pipeline.app.release.verification import Checked, Checkers, make_checked
from pipeline.decode.privacy_masks import Polygon
from pipeline.detect.detector_pool import DetectorPool
from pipeline.domain.video import Video

if TYPE_CHECKING:
    from pipeline.anonymize.signing_certificate import Identity


@dataclass(frozen=True)
class Job:
    """What is to be made of what.

    Attributes:
        video: the source.
        settings: how it is covered.
        text: of the mark.
        regions: what a person decided about places.
        identity: who signs, None for nobody.
        models: name of each model that takes part to the SHA-256 of its weights.
        masks: privacy masks that are burnt into the video, shares of the image.
    """

    video: Video
    settings: AnonymizeSettings
    text: MarkText
    regions: Regions
    identity: Identity | None
    models: Mapping[str, str]
    masks: Sequence[Polygon] = ()


@dataclass(frozen=True)
class Released:
    """A finished clip that nobody else sees yet.

    Attributes:
        done: what was made.
        plan: its covers; sightings: what they were planned from.
        checked: what others saw, None when nobody looked. With `problems` it must not leave.
        said: what is signed.
    """

    done: Anonymized
    plan: CoverPlan
    sightings: Sightings
    checked: Checked | None
    said: Mapping[str, Any]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why it must not leave; none when it may."""
        return () if self.checked is None else self.checked.problems


def release(
    job: Job,
    part: Path,
    *,
    finders: DetectorPool,
    checkers: Checkers | None,
    opened: Callable[[Path], Video],
    told: Progress,
) -> Released:
    """Make a clip, and sign it when nothing is wrong with it.

    Args:
        job: what of what.
        part: where to write; nobody else may see it yet.
        finders: choose the covers.
        checkers: look at what was made, None for nobody.
        opened: a file as a video.
        told: hears how far it is.

    Raises:
        SourceError: the source cannot be read.
        ModelRuntimeError: a network failed.
        ReleaseError: it cannot be written or signed.
    """
    maker = Anonymizer(job.video, job.settings, job.text, told, job.regions)
    checked = None
    if checkers is None:
        sightings = maker.look(finders)
        plan = maker.plan(sightings)
        done = maker.make(sightings, plan, part)
    else:
        done, plan, sightings, checked = make_checked(maker, finders, checkers, opened, part)
    said = statement(done, job.settings, job.text, regions=job.regions, models=job.models, checked=checked)
    said |= {"privacy_masks": masks_said(job.masks)}
    if job.video.damaged:
        said |= {"packets_missing": job.video.damaged}
    made = Released(done, plan, sightings, checked, said)
    if job.identity and not made.problems:
        sign_in_place(part, job.identity, said)
    return made
