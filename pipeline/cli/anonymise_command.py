"""`viapublica anonymise`: a clip or picture that can be given away, without camera, database or network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.anonymize.certificate import Identity, load_identity
from pipeline.anonymize.mark import MarkText
from pipeline.anonymize.provenance import sign_in_place
from pipeline.anonymize.settings import WEAKER_LOOKS, AnonymizeSettings, CoverSettings, Look
from pipeline.anonymize.target import part_of
from pipeline.cli.console import err, out, print_json, tell
from pipeline.cli.media_commands import ModelOption, ModelsOption
from pipeline.decode.film import FileFilm
from pipeline.decode.media import find_media, read_picture
from pipeline.decode.picture import picture_of
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.settings import DetectSettings
from pipeline.engine.anonymise import Anonymised, Anonymiser, anonymise_picture, statement
from pipeline.engine.check import Checked, make_checked
from pipeline.engine.eyes import Eyes, open_eyes
from pipeline.engine.finders import Finders, open_finders
from pipeline.errors import ReleaseError
from pipeline.observe import logs
from pipeline.observe.draw import save_image

_PICTURES = frozenset({".jpg", ".jpeg", ".png"})
_MOST_TOLD = 5
_STAGES = {"look": "looking", "make": "covering", "check": "checking"}


def anonymise(
    file: Annotated[Path, typer.Argument(help="A clip, or a picture.", show_default=False)],
    target: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="What to write: an MP4, for pictures a JPEG or PNG.", show_default=False),
    ] = None,
    look: Annotated[Look, typer.Option(help="What stands where a person, face or plate was.")] = Look.FILL,
    windscreens: Annotated[bool, typer.Option("--windscreens", help="Cover the windscreens of vehicles too.")] = False,
    start: Annotated[float, typer.Option("--from", min=0, help="Seconds into the clip at which to begin.")] = 0.0,
    end: Annotated[float | None, typer.Option("--to", min=0, help="Seconds into the clip at which to end.")] = None,
    institution: Annotated[str, typer.Option(help="Burnt in: who gives it away.")] = "",
    place: Annotated[str, typer.Option(help="Burnt in: the camera, as it may be called outside.")] = "",
    moment: Annotated[str, typer.Option("--date", help="Burnt in: the date, as precise as it may be told.")] = "",
    number: Annotated[str, typer.Option(help="Burnt in: the number of the disclosure.")] = "",
    certificate: Annotated[
        Path | None, typer.Option(help="Sign with this certificate (PEM, with its chain).", show_default=False)
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Private key of the certificate (PEM).", show_default=False)] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Have other detectors look at the finished clip; cover what they see; write nothing when they still "
            "see somebody.",
        ),
    ] = False,
    eyes: Annotated[
        list[str] | None, typer.Option("--eyes", help="Model card of a detector that checks; may be repeated.")
    ] = None,
    model: ModelOption = None,
    models: ModelsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Hide persons, faces and plates for good, drop sound and metadata, and burn in a mark.

    Every picture is looked at, persons are followed forwards and backwards in time, and the film is encoded anew from
    the covered pictures: nothing of what lies under a cover is in the file.

    Example: [bold]viapublica anonymise street.mp4 --out street-public.mp4 --institution "SSP-MT"[/]
    """
    settings = AnonymizeSettings(look=look, cover=CoverSettings(windscreens=windscreens))
    text = MarkText(institution, place, moment, number)
    media = find_media([file])
    if len(media) != 1 or media[0].path != file:
        raise ReleaseError(str(file), "is a folder", "Name one clip or picture")
    path = _target(file, target, media[0].is_clip)
    identity = _identity(certificate, key, media[0].is_clip)
    logs.configure("warning", "auto")
    if look in WEAKER_LOOKS:
        tell(
            err,
            ("weaker:", "bold yellow"),
            f" a {look.value} is made from the pixels it hides, and attacks read it (95.9 % of blurred faces were "
            "recognised again: Revelio); only --look fill or silhouette leaves nothing",
        )
    film = FileFilm(file, DecodeSettings(), start_s=start, end_s=end) if media[0].is_clip else None
    wanted = {"confidence": settings.cover.least, **({"model": model} if model else {})}
    chosen = DetectSettings.model_validate(wanted)
    cores = len(os.sched_getaffinity(0)) if film else 1
    finders = open_finders(chosen, models, cores)
    others = open_eyes(eyes or (), finders.name, models) if check or eyes else None
    try:
        task = _Task(finders, settings, text, path, identity, others)
        done, checked = task.film(film) if film else (task.picture(file), None)
    finally:
        finders.close()
        if others:
            others.close()
    if film and film.damaged:
        tell(
            err, ("damaged:", "bold yellow"), f" {film.damaged} packets of {file} could not be decoded and are missing"
        )
    _tell(done, checked, path, as_json)


def _target(file: Path, target: Path | None, is_clip: bool) -> Path:
    """Where to write, checked before minutes are spent."""
    suffix = ".mp4" if is_clip else ".jpg"
    path = target or file.with_name(f"{file.stem}-anonymised{suffix}")
    if path.exists() and path.samefile(file):
        raise ReleaseError(str(path), "is the original itself", "Name another file with --out")
    allowed = {".mp4"} if is_clip else _PICTURES
    if path.suffix.lower() not in allowed:
        raise ReleaseError(
            str(path), f"ends with {path.suffix or 'nothing'}", f"Name a file {' or '.join(sorted(allowed))}"
        )
    with part_of(path, keep=False):
        return path


def _identity(certificate: Path | None, key: Path | None, is_clip: bool) -> Identity | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ReleaseError("--certificate and --key", "belong together", "Name both, or neither")
    if not is_clip:
        raise ReleaseError("--certificate", "is for clips: pictures are not signed yet", "Leave it away")
    return load_identity(certificate, key)


@dataclass(frozen=True)
class _Task:
    """One file to be made."""

    finders: Finders
    settings: AnonymizeSettings
    text: MarkText
    path: Path
    identity: Identity | None
    eyes: Eyes | None

    def film(self, film: FileFilm) -> tuple[Anonymised, Checked | None]:
        """A clip."""
        duration_s = film.facts.duration_s
        expected = round(duration_s * film.facts.rate) if duration_s else None
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
            stages = {stage: words for stage, words in _STAGES.items() if stage != "check" or self.eyes}
            tasks = {stage: bars.add_task(words, total=expected) for stage, words in stages.items()}

            def told(stage: str, done: int) -> None:
                bars.update(tasks[stage], completed=done)

            maker = Anonymiser(film, self.settings, self.text, told)
            with part_of(self.path) as part:
                checked = None
                if self.eyes is None:
                    sightings = maker.look(self.finders)
                    for task in tasks.values():
                        bars.update(task, total=len(sightings))
                    done = maker.make(sightings, maker.plan(sightings), part)
                else:
                    done, checked = make_checked(maker, self.finders, self.eyes, _opened, part)
                    _refuse_residue(self.path, checked)
                if self.identity:
                    facts = statement(done, self.settings, self.text, self.finders.name)
                    sign_in_place(part, self.identity, facts | ({"checked by": checked.eyes} if checked else {}))
        return done, checked

    def picture(self, file: Path) -> Anonymised:
        """A picture."""
        picture = read_picture(file, turn_upright=True)
        planes, done = anonymise_picture(picture, self.finders, self.settings, self.text)
        save_image(self.path, picture_of(planes).bgr())
        return done


def _opened(path: Path) -> FileFilm:
    return FileFilm(path, DecodeSettings())


def _refuse_residue(path: Path, checked: Checked) -> None:
    if not checked.found:
        return
    places = "; ".join(
        f"a {found.label.word} from {found.first_s:.1f} to {found.last_s:.1f} s" for found in checked.found[:_MOST_TOLD]
    )
    raise ReleaseError(
        str(path),
        f"is not written: others still see {len(checked.found)} uncovered objects ({places})",
        "Leave those seconds out with --from and --to, or lower what is covered from",
    )


def _tell(done: Anonymised, checked: Checked | None, path: Path, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "file": str(path),
                "frames": done.frames,
                "seconds": round(done.seconds, 3),
                "objects": dict(done.objects),
                "covered": round(done.covered, 4),
                "stages_s": {stage: round(seconds, 3) for stage, seconds in done.stages_s.items()},
                "check": None if checked is None else _check_json(checked),
            }
        )
        return
    objects = ", ".join(f"{count} {word}s" for word, count in done.objects.items()) or "nobody was found"
    spent_s = sum(done.stages_s.values())
    tell(out, ("written ", "bold"), str(path))
    tell(out, f"{done.frames} pictures in {spent_s:.1f} s; followed and covered: {objects}")
    tell(out, f"{100 * done.covered:.1f} % of the picture is covered in the mean")
    if checked is not None:
        _, _, high = checked.per_minute
        whose = "" if checked.independent else " (no other detector is here: the same one, in a mirror)"
        tell(out, f"checked by {', '.join(checked.eyes)}{whose}: {checked.covered_more} objects were covered more")
        tell(out, f"nobody is seen now; at most {high:.1f} objects per minute that they could see (95 %)")


def _check_json(checked: Checked) -> dict[str, Any]:
    return {
        "eyes": list(checked.eyes),
        "independent": checked.independent,
        "covered_more": checked.covered_more,
        "found": len(checked.found),
        "per_minute": [round(value, 3) for value in checked.per_minute],
    }
