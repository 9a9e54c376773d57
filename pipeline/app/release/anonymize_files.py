"""The work of `viapublica anonymize`; imported when it is wanted, so that other commands need not wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.anonymize.manual_regions import Regions
from pipeline.anonymize.provenance import check_identity
from pipeline.anonymize.settings import AnonymizeSettings, MarkText
from pipeline.app.release.detectors import PAGE_TEXT, Crew, damage, only_covers, open_crew, refusal, run_job
from pipeline.app.release.provenance_claims import check_facts
from pipeline.app.release.redaction_run import Anonymized, anonymize_image
from pipeline.app.release.release_run import Job
from pipeline.app.release.report_texts import FileFacts, page_of
from pipeline.app.release.verification import Checked
from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.output_files import check_target, output_file, sha256_of
from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import image_of
from pipeline.decode.media_files import find_media, read_image
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.two_scale_detector import LARGE_PX
from pipeline.errors import ReleaseError
from pipeline.observe import logs
from pipeline.observe.annotated_images import save_image
from pipeline.storage.output_file import partial_file

if TYPE_CHECKING:
    from pipeline.anonymize.signing_certificate import Identity

_IMAGES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True)
class Request:
    """What was asked for; see `viapublica anonymize --help`."""

    file: Path
    target: Path | None
    settings: AnonymizeSettings
    text: MarkText
    span_s: tuple[float, float | None]
    regions: Path | None
    report: Path | None
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
    file, settings = request.file, request.settings
    media = find_media([file])
    if len(media) != 1 or media[0].path != file:
        raise ReleaseError(str(file), "is a folder", "Name one clip or image")
    path = _target(file, request.target, media[0].is_clip)
    identity = _identity(request.certificate, request.key, media[0].is_clip)
    check = request.check or bool(request.eyes)
    for option, wanted in (("--check", check), ("--report", request.report is not None)):
        if wanted and not media[0].is_clip:
            raise ReleaseError(option, "is for clips: an image is soon looked at by yourself", "Leave it away")
    regions = only_covers(request.regions)
    if request.report is not None:
        _check_report(request.report, file, path)
    start_s, end_s = request.span_s
    video = FileVideo(file, DecodeSettings(), start_s=start_s, end_s=end_s) if media[0].is_clip else None
    logs.configure("warning", "auto")
    eyes = request.eyes if check else None
    with open_crew(settings, request.model, request.models, eyes=eyes, one_image=video is None) as crew:
        if video is None:
            _tell(_image(file, path, crew, request, regions), None, path, request.as_json)
            return
        job = Job(video, settings, request.text, regions, identity, crew.models)
        with partial_file(path) as part:
            made = run_job(job, crew, part)
            if made.problems:
                raise refusal(made, str(path), part, path.with_name(f"{path.stem}-residue"))
            if request.report is not None:
                facts = FileFacts(path.name, sha256_of(part), [("Damaged", damage(video))])
                with output_file("--report", str(request.report), "w", **PAGE_TEXT) as stream:
                    stream.write(page_of(made, job, facts))
    if damage(video):
        say(err, ("damaged:", "bold yellow"), f" of {file}, {damage(video)}")
    if max(video.facts.width, video.facts.height) > LARGE_PX and not settings.fine and made.checked is None:
        say(
            err,
            ("looked at in passing:", "yellow"),
            " plates and people that are small in the image may be missed; --fine looks closely, --check has a "
            "second network do so",
        )
    _tell(made.done, made.checked, path, request.as_json)


def _target(file: Path, target: Path | None, is_clip: bool) -> Path:
    """Where to write, checked before minutes are spent."""
    suffix = ".mp4" if is_clip else ".jpg"
    path = target or file.with_name(f"{file.stem}-anonymized{suffix}")
    if path.exists() and path.samefile(file):
        raise ReleaseError(str(path), "is the original itself", "Name another file with --out")
    if path.is_dir():
        raise ReleaseError(
            str(path), "is a folder, not a file", f"Name a file in it, such as {path / 'public'}{suffix}"
        )
    allowed = {".mp4"} if is_clip else _IMAGES
    if path.suffix.lower() not in allowed:
        raise ReleaseError(
            str(path), f"ends with {path.suffix or 'nothing'}", f"Name a file {' or '.join(sorted(allowed))}"
        )
    with partial_file(path, publish=False):
        return path


def _check_report(report: Path, file: Path, path: Path) -> None:
    for other, whose in ((file, "the original itself"), (path, "the clip that is to be written")):
        if report.resolve() == other.resolve():
            raise ReleaseError(str(report), f"is {whose}", "Name another file with --report")
    check_target("--report", str(report))


def _identity(certificate: Path | None, key: Path | None, is_clip: bool) -> Identity | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ReleaseError("--certificate and --key", "belong together", "Name both, or neither")
    if not is_clip:
        raise ReleaseError("--certificate", "is for clips: images are not signed yet", "Leave it away")
    from pipeline.anonymize.signing_certificate import load_identity  # here: of the extra `release`

    identity = load_identity(certificate, key)
    check_identity(identity)
    return identity


def _image(file: Path, path: Path, crew: Crew, request: Request, regions: Regions) -> Anonymized:
    image = read_image(file, turn_upright=True)
    planes, done = anonymize_image(image, crew.finders, request.settings, request.text, regions)
    try:
        save_image(path, image_of(planes).bgr())
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be written ({error.strerror})", "Make room") from error
    return done


def _tell(done: Anonymized, checked: Checked | None, path: Path, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "file": str(path),
                "frames": done.frames,
                "seconds": round(done.seconds, 3),
                "objects": dict(done.objects),
                "covered": round(done.covered, 4),
                "stages_s": {stage: round(seconds, 3) for stage, seconds in done.stages_s.items()},
                "check": None if checked is None else check_facts(checked),
            }
        )
        return
    objects = ", ".join(f"{count} {word}s" for word, count in done.objects.items()) or "nobody was found"
    spent_s = sum(done.stages_s.values())
    say(out, ("written ", "bold"), str(path))
    say(out, f"{done.frames} images in {spent_s:.1f} s; followed and covered: {objects}")
    say(out, f"{100 * done.covered:.1f} % of the image is covered in the mean")
    if checked is not None:
        whose = "" if checked.independent else " (the detector that chose the covers: not independent)"
        say(out, f"checked by {', '.join(checked.eyes)}{whose}: {checked.covered_more} objects were covered more")
        say(out, "they see nobody uncovered; detectors miss people, so play the clip once")
