"""The work of `viapublica anonymise`; imported when it is wanted, so that other commands need not wait for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.anonymize.certificate import Identity, load_identity
from pipeline.anonymize.provenance import sign_in_place
from pipeline.anonymize.settings import WEAKER_LOOKS, AnonymizeSettings, MarkText
from pipeline.anonymize.target import part_of
from pipeline.cli.console import err, out, print_json, progress, tell
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


@dataclass(frozen=True)
class Request:
    """What was asked for; see `viapublica anonymise --help`."""

    file: Path
    target: Path | None
    settings: AnonymizeSettings
    text: MarkText
    span_s: tuple[float, float | None]
    certificate: Path | None
    key: Path | None
    check: bool
    eyes: tuple[str, ...]
    model: str | None
    models: Path | None
    as_json: bool


def carry_out(request: Request) -> None:
    """Make the file that was asked for, and tell about it.

    Raises:
        ViapublicaError: it cannot be made; nothing is there under its name.
    """
    file, settings, look = request.file, request.settings, request.settings.look
    media = find_media([file])
    if len(media) != 1 or media[0].path != file:
        raise ReleaseError(str(file), "is a folder", "Name one clip or picture")
    path = _target(file, request.target, media[0].is_clip)
    identity = _identity(request.certificate, request.key, media[0].is_clip)
    logs.configure("warning", "auto")
    if look in WEAKER_LOOKS:
        tell(
            err,
            ("weaker:", "bold yellow"),
            f" a {look.value} is made from the pixels it hides, and attacks read it (95.9 % of blurred faces were "
            "recognised again: Revelio); only --look fill or silhouette leaves nothing",
        )
    check = request.check or bool(request.eyes)
    if check and not media[0].is_clip:
        raise ReleaseError("--check", "is for clips: a picture is soon looked at by yourself", "Leave it away")
    start_s, end_s = request.span_s
    film = FileFilm(file, DecodeSettings(), start_s=start_s, end_s=end_s) if media[0].is_clip else None
    wanted = {"confidence": settings.cover.least, **({"model": request.model} if request.model else {})}
    chosen = DetectSettings.model_validate(wanted)
    cores = len(os.sched_getaffinity(0)) if film else 1
    finders = open_finders(chosen, request.models, cores)
    others = open_eyes(request.eyes, finders.name, request.models) if check else None
    try:
        task = _Task(finders, settings, request.text, path, identity, others)
        done, checked = task.film(film) if film else (task.picture(file), None)
    finally:
        finders.close()
        if others:
            others.close()
    if film and film.damaged:
        tell(
            err, ("damaged:", "bold yellow"), f" {film.damaged} packets of {file} could not be decoded and are missing"
        )
    _tell(done, checked, path, request.as_json)


def _target(file: Path, target: Path | None, is_clip: bool) -> Path:
    """Where to write, checked before minutes are spent."""
    suffix = ".mp4" if is_clip else ".jpg"
    path = target or file.with_name(f"{file.stem}-anonymised{suffix}")
    if path.exists() and path.samefile(file):
        raise ReleaseError(str(path), "is the original itself", "Name another file with --out")
    if path.is_dir():
        raise ReleaseError(
            str(path), "is a folder, not a file", f"Name a file in it, such as {path / 'public'}{suffix}"
        )
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
        with progress() as bars:
            stages = {stage: words for stage, words in _STAGES.items() if stage != "check" or self.eyes}
            tasks = {stage: bars.add_task(words, total=expected, note="") for stage, words in stages.items()}

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
