"""The work of `viapublica release build`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pipeline.anonymize.manual_regions import Region, Regions
from pipeline.anonymize.metadata_check import leftovers
from pipeline.anonymize.provenance import Standing, check_identity, read_provenance
from pipeline.anonymize.residual_detections import PERSONAL
from pipeline.anonymize.settings import AnonymizeSettings, CoverSettings, Look, MarkText
from pipeline.anonymize.signing_certificate import Identity, load_identity
from pipeline.app.release.detectors import PAGE_TEXT, damage, only_covers, open_crew, refusal, run_job
from pipeline.app.release.recorded_source import Source, recorded_video, recording
from pipeline.app.release.release_run import Job, Released
from pipeline.app.release.report_texts import FileFacts, page_of
from pipeline.cli.common.console import err, out, print_json, say
from pipeline.cli.common.output_files import output_file, sha256_of
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.disclosure import BuiltFile, Disclosure
from pipeline.errors import ReleaseError
from pipeline.observe import logs
from pipeline.policy.disclosure import checked_look
from pipeline.storage.output_file import partial_file
from pipeline.weights.catalog import load_card

if TYPE_CHECKING:
    from pipeline.governance.register import Register


CROWDED = 0.4
"""Share of the image from which little is left to see."""


@dataclass(frozen=True)
class Build:
    """What was asked for; see `viapublica release build --help`."""

    number: str
    source: Path | None
    config: Path | None
    folder: Path
    certificate: Path | None
    key: Path | None
    regions: Path | None
    windscreens: bool
    eyes: tuple[str, ...]
    model: str | None
    models: Path | None
    by: str
    as_json: bool


def carry_out(build: Build, register: Register) -> None:
    """Make the clip and its page, and enter them.

    Raises:
        ViapublicaError: it may not be made, or cannot; nothing is there under its name, nothing is entered.
    """
    logs.configure("warning", "auto")
    disclosure = register.may_build(build.number)
    settings = AnonymizeSettings(
        look=Look(checked_look(disclosure.request.look)), cover=CoverSettings(windscreens=build.windscreens), fine=True
    )
    identity = _identity(build)
    regions = _regions(build, register)
    name = disclosure.number.replace("/", "-")
    clip, page = build.folder / f"{name}.mp4", build.folder / f"{name}.html"
    _make_folder(build.folder)
    mark = disclosure.request.mark
    text = MarkText(mark.institution or identity.name, mark.place, mark.date, disclosure.number)
    with ExitStack() as stack:
        source = stack.enter_context(_source(build, disclosure))
        video = source.video
        if build.source is not None and clip.exists() and clip.samefile(build.source):
            raise ReleaseError(str(clip), "is the original itself", "Name another folder with --out")
        crew = stack.enter_context(open_crew(settings, build.model, build.models, eyes=build.eyes, besides=True))
        _check_labels(crew.finders.name, build.models)
        part = stack.enter_context(partial_file(clip))
        job = Job(video, settings, text, regions, identity, crew.models, source.masks)
        made = run_job(job, crew, part)
        if made.problems:
            raise refusal(made, str(clip), part, build.folder / f"{name}-residue")
        _check_finished(part, clip)
        _check_source(build, disclosure)
        digest = sha256_of(part)
        facts = FileFacts(clip.name, digest, [*_rows(disclosure), *source.rows, ("Damaged", damage(video))])
        with output_file("--out", str(page), "w", **PAGE_TEXT) as stream:
            stream.write(page_of(made, job, facts))
            # Entered before anything has its name: what is in the register and was never given away does no harm.
            register.built(disclosure.number, _built(clip, part, digest, made), build.by)
    _tell(build, clip, page, digest, made)
    if damage(video):
        say(err, ("damaged:", "bold yellow"), f" of the recording, {damage(video)}")


def _check_labels(model: str, models: Path | None) -> None:
    """A release hides them all, whoever chooses the model."""
    found = set(load_card(model, models).labels.values())
    missing = [label.word for label in PERSONAL if label.word not in found]
    if missing:
        raise ReleaseError(
            f"model {model}",
            f"finds no {' and no '.join(missing)}, and a release hides persons, faces and plates",
            "Leave --model away",
        )


def _identity(build: Build) -> Identity:
    if build.certificate is None or build.key is None:
        raise ReleaseError(
            "--certificate and --key",
            "are missing: what leaves is signed",
            "Name the institution's, or make some with viapublica certificate",
        )
    identity = load_identity(build.certificate, build.key)
    check_identity(identity)
    return identity


def _regions(build: Build, register: Register) -> Regions:
    agreed = register.confirmed_uncoverings(build.number)
    try:
        bare = tuple(Region.model_validate(one.region) for one in agreed)
    except ValidationError as error:
        raise ReleaseError(
            f"disclosure {build.number}", "has an uncovering that is no region", "Ask for it anew"
        ) from error
    return Regions(cover=only_covers(build.regions).cover, uncover=bare)


@contextmanager
def _source(build: Build, disclosure: Disclosure) -> Iterator[Source]:
    """The video, its privacy masks, and what the page says of where it is from."""
    content, subject = disclosure.request.content, f"disclosure {disclosure.number}"
    if not content.is_file:
        if build.config is None:
            raise ReleaseError(
                subject, f"is of camera {content.camera_id}", "Name the configuration that records it: --config"
            )
        with recorded_video(recording(build.config), disclosure, build.by) as found:
            yield found
        return
    if build.source is None:
        raise ReleaseError(subject, f"is of the file {content.file_name}", f"Name it: --source {content.file_name}")
    _check_source(build, disclosure)
    video = FileVideo(build.source, DecodeSettings())
    yield Source(video, [("Source", f"{content.file_name} (SHA-256 {content.file_sha256})")])


def _check_source(build: Build, disclosure: Disclosure) -> None:
    """Asked before it is read and once more afterwards: it could have been exchanged meanwhile."""
    content = disclosure.request.content
    if build.source is not None and content.is_file and sha256_of(build.source) != content.file_sha256:
        raise ReleaseError(
            str(build.source),
            f"is not the file that disclosure {disclosure.number} is of ({content.file_name}, "
            f"SHA-256 {content.file_sha256[:12]}…)",
            "Find that one, or enter a new request",
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReleaseError(
            str(folder), f"cannot be made ({error.strerror})", "Choose another folder with --out"
        ) from error


def _check_finished(part: Path, clip: Path) -> None:
    """As its receiver will: signed, unchanged, and nothing in it but images."""
    found = read_provenance(part)
    extras = leftovers(part)
    if found.standing not in {Standing.TRUSTED, Standing.UNKNOWN_SIGNER} or extras:
        raise ReleaseError(
            str(clip),
            f"is not written: its own check fails ({', '.join((*found.problems, *extras)) or found.standing.value})",
            "Check that the certificate is valid today",
        )


def _rows(disclosure: Disclosure) -> list[tuple[str, str]]:
    request = disclosure.request
    return [
        ("Number", disclosure.number),
        ("Recipient", " · ".join(part for part in (request.recipient, request.recipient_document) if part)),
        ("Legal basis", request.basis.value),
        ("Purpose", request.purpose),
        (
            "Declaration",
            f"{disclosure.declaration.name} (SHA-256 {disclosure.declaration.sha256})"
            if disclosure.declaration
            else "",
        ),
        ("Requested by", request.requested_by),
        ("Approved by", f"{disclosure.decided_by}, {_moment(disclosure.decided_ms)}"),
    ]


def _moment(ts_ms: int | None) -> str:
    return "" if ts_ms is None else datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _built(clip: Path, part: Path, digest: str, made: Released) -> BuiltFile:
    verification: Mapping[str, Any] = made.said.get("checked", {})
    policy = {name: made.said[name] for name in ("models", "privacy_masks")}
    policy |= {"sha256": made.said["policy_sha256"], **made.said["policy"]}
    return BuiltFile(clip.name, digest, part.stat().st_size, verification, policy)


def _tell(build: Build, clip: Path, page: Path, digest: str, made: Released) -> None:
    if build.as_json:
        print_json({"clip": str(clip), "page": str(page), "sha256": digest, "statement": dict(made.said)})
        return
    say(out, ("written ", "bold"), f"{clip} and {page}")
    say(out, f"SHA-256 {digest}, entered in the register")
    bare = made.said["by_hand"]["left_bare"]
    if bare:
        say(err, ("left bare:", "bold yellow"), f" what stays in {bare} places, as two persons agreed; look at those")
    if made.checked:
        say(out, f"{', '.join(made.checked.eyes)} saw nobody uncovered; detectors miss people, so play the clip once")
    if made.done.covered > CROWDED:
        say(err, f"{100 * made.done.covered:.0f} % is covered: for flows, request it with --look silhouette")
    say(
        err,
        "look at the page, then hand the clip over and note it: ",
        (f"viapublica release deliver {build.number}", "bold"),
    )
