"""What `viapublica anonymize` and `viapublica release build` share: networks, progress bars, and what stops a clip."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.anonymize.manual_regions import Regions, read_regions
from pipeline.anonymize.settings import WEAKER_LOOKS, AnonymizeSettings
from pipeline.app.release.provenance_claims import digests
from pipeline.app.release.release_run import Job, Released, release
from pipeline.app.release.residual_frames import save_residue
from pipeline.app.release.verification import Checkers
from pipeline.cli.common.console import err, progress, say
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.detector_ensemble import open_verification_detectors
from pipeline.detect.detector_pool import DetectorPool, open_detector_pool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.ports import PlateReader
from pipeline.domain.video import Video
from pipeline.errors import ModelError, ReleaseError
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings

PAGE_TEXT: Final = {"encoding": "utf-8", "errors": "backslashreplace"}
"""Names of files need not be UTF-8."""
_MOST_TOLD = 5
_STAGES = {"look": "looking", "make": "covering"}
_CHECKS = {"check": "checking", "probe": "attacking"}


@dataclass(frozen=True)
class Crew:
    """The networks of a release.

    Attributes:
        finders: choose the covers; checkers: look at what was made, None for nobody.
        models: name of each to the SHA-256 of its weights.
    """

    finders: DetectorPool
    checkers: Checkers | None
    models: Mapping[str, str]


@contextmanager
def open_crew(
    settings: AnonymizeSettings,
    model: str | None,
    models_dir: Path | None,
    *,
    eyes: tuple[str, ...] | None,
    besides: bool = False,
    one_image: bool = False,
) -> Iterator[Crew]:
    """Open the networks, and warn of a look that attacks read.

    Args:
        settings: of covers; model: card of the detector, None for the default; models_dir: folder of weights.
        eyes: cards of detectors that check, () for the usual ones, None for none.
        besides: those look besides the usual ones, not in their place.
        one_image: nothing is gained by several copies.

    Raises:
        ModelError, MissingComponent: a network cannot be used.
    """
    look = settings.look
    if look in WEAKER_LOOKS:
        say(
            err,
            ("weaker:", "bold yellow"),
            f" a {look.value} is made from the pixels it hides, and attacks read it (95.9 % of blurred faces were "
            "recognized again: Revelio); only --look fill or silhouette leaves nothing",
        )
    wanted = {"confidence": settings.cover.least, **({"model": model} if model else {})}
    cores = 1 if one_image else len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        finders = open_detector_pool(DetectSettings.model_validate(wanted), models_dir, cores, fine=settings.fine)
        stack.callback(finders.close)
        checkers = None
        if eyes is not None:
            others = open_verification_detectors(eyes, finders.name, models_dir, besides=besides)
            stack.callback(others.close)
            checkers = Checkers(others, _reader(models_dir))
        yield Crew(finders, checkers, _models(finders, checkers, models_dir))


def run_job(job: Job, crew: Crew, part: Path) -> Released:
    """Make the clip, with progress bars.

    Raises:
        ViapublicaError: see `pipeline.app.release.release_run.release`.
    """
    duration_s = job.video.facts.duration_s
    expected = round(duration_s * job.video.facts.rate) if duration_s else None
    stages = _STAGES | (_CHECKS if crew.checkers else {})
    with progress() as bars:
        tasks = {stage: bars.add_task(words, total=expected, note="") for stage, words in stages.items()}
        counts = {"look": 0}

        def told(stage: str, done: int) -> None:
            if stage == "look":
                counts["look"] = done
            elif done == 1:  # how many there are is known by now
                bars.update(tasks[stage], total=counts["look"])
                bars.update(tasks["look"], total=counts["look"])
            bars.update(tasks[stage], completed=done)

        return release(job, part, finders=crew.finders, checkers=crew.checkers, opened=open_clip, told=told)


def damage(video: Video) -> str:
    """What of the source is missing in the clip, in words; empty where nothing is."""
    return f"{video.damaged} packets could not be decoded and are missing" if video.damaged else ""


def open_clip(path: Path) -> FileVideo:
    """A finished clip as a video."""
    return FileVideo(path, DecodeSettings())


def refusal(made: Released, name: str, part: Path, folder: Path) -> ReleaseError:
    """The error that says why a clip does not leave; what is still seen is saved for whoever decides.

    Args:
        made: the clip; name: what it would have been.
        part: where it is; folder: where its images go.
    """
    found = made.checked.found if made.checked else ()
    begin_s = float(made.sightings.times_s[0])
    places = "; ".join(
        f"a {residue.label.word} from {residue.first_s - begin_s:.1f} to {residue.last_s - begin_s:.1f} s"
        for residue in found[:_MOST_TOLD]
    )
    problem = f"is not written: {'; '.join(made.problems)}" + (f" ({places})" if places else "")
    if not found:
        return ReleaseError(name, problem, "Choose --look fill")
    regions = save_residue(found, open_clip(part), made.sightings, folder)
    return ReleaseError(
        name,
        problem,
        f"Look at the images in {folder}, then have those places covered with --regions {regions}, or leave the "
        "seconds out",
    )


def only_covers(path: Path | None) -> Regions:
    """The regions of a file, none of which may be left bare: that takes a second person.

    Raises:
        ReleaseError: it cannot be read, or asks for more.
    """
    regions = Regions() if path is None else read_regions(path)
    if regions.uncover:
        raise ReleaseError(
            str(path),
            "asks to leave something uncovered, which a second person has to agree to",
            "Take 'uncover' out, or use viapublica release uncover",
        )
    return regions


def _reader(models_dir: Path | None) -> PlateReader | None:
    try:
        return build_reader(LprSettings(), models_dir)
    except ModelError as error:
        say(err, ("no plate reader:", "bold yellow"), f" {error.subject}: {error.problem}; plates are not tried")
        return None


def _models(finders: DetectorPool, checkers: Checkers | None, models_dir: Path | None) -> dict[str, str]:
    names = [finders.name]
    if checkers:
        names += [*checkers.eyes.names, *([checkers.reader.name] if checkers.reader else [])]
    return digests(names, models_dir)
