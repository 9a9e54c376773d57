"""Anonymization of one image or video file, without camera, register or network (`viapublica anonymize`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2

from pipeline.anonymize.manual_regions import ManualRegions
from pipeline.anonymize.report_portuguese import report_language
from pipeline.anonymize.settings import AnonymizeSettings, MaskSettings
from pipeline.anonymize.unplated_vehicles import UnplatedVehicle
from pipeline.app.anonymize.progress import Progress
from pipeline.app.anonymize.provenance_statement import verification_json
from pipeline.app.anonymize.redaction_job import (
    RedactedVideo,
    RedactionJob,
    read_redacted_regions,
    run_job,
    warn_of_weak_style,
)
from pipeline.app.anonymize.redaction_networks import NetworkChoice, open_networks
from pipeline.app.anonymize.redaction_run import RedactionSummary, redact_image
from pipeline.app.anonymize.report_texts import REPORT_ENCODING, ReportFacts, build_report, damage_text
from pipeline.app.anonymize.residual_images import refusal
from pipeline.app.anonymize.verification import VerificationResult
from pipeline.app.logging_setup import configure_logging
from pipeline.app.output_files import check_target, output_file, sha256_of
from pipeline.decode.file_video import FileVideo
from pipeline.decode.input_options import InputOptions
from pipeline.decode.lazy_images import image_of, masked, turned
from pipeline.decode.media_files import find_media, other_content, read_further_frames, read_image
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.locale import Locale
from pipeline.domain.redaction import OverlayText, RedactionStyle
from pipeline.domain.video import Rotation
from pipeline.errors import ReleaseError
from pipeline.policy.disclosure_texts import check_overlay_texts
from pipeline.policy.sensitive.screen import standard_screen
from pipeline.record.known_recordings import KnownRecordings
from pipeline.record.recorded_declaration import RecordedView, view_of
from pipeline.storage.output_file import partial_file

if TYPE_CHECKING:
    from pipeline.app.anonymize.signing import SigningIdentity

_IMAGE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})
_JPEG_QUALITY: Final = 92


@dataclass(frozen=True, slots=True)
class AnonymizeRequest:
    """One file to anonymize.

    Attributes:
        file: image or video; target: to write, None for a name beside it.
        text: of the overlay.
        style, windscreens, multi_view: see `AnonymizeSettings`.
        span_s: seconds of a video, from and to.
        regions: YAML file of regions to redact in addition.
        report: HTML report to write; locale: of its readers, None for English.
        certificate, key: PEM files to sign with; key_password: called for an encrypted key.
        networks: model cards, and whether a video is verified.
        rotate: degrees clockwise by which images are turned first.
        track: number of the video track of a file with several.
        known: recorded video that the file is compared with.
        replace: replace files that exist.
    """

    file: Path
    target: Path | None = None
    text: OverlayText = field(default_factory=OverlayText)
    style: RedactionStyle = RedactionStyle.FILL
    windscreens: bool = False
    multi_view: bool = False
    span_s: tuple[float, float | None] = (0.0, None)
    regions: Path | None = None
    report: Path | None = None
    locale: Locale | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: Callable[[], bytes] | None = None
    networks: NetworkChoice = field(default_factory=NetworkChoice)
    rotate: Rotation = 0
    track: int | None = None
    known: KnownRecordings = field(default_factory=KnownRecordings)
    replace: bool = False

    @property
    def settings(self) -> AnonymizeSettings:
        """Of the redaction."""
        masks = MaskSettings(windscreens=self.windscreens)
        return AnonymizeSettings(style=self.style, masks=masks, multi_view=self.multi_view)


@dataclass(frozen=True, slots=True)
class AnonymizedFile:
    """A file that was written: its path, figures, and verification if there was one.

    Attributes:
        unplated: near vehicles on which no plate was ever masked.
        not_carried: what the original holds besides and the result does not, such as further frames of an animation.
    """

    path: Path
    summary: RedactionSummary
    verification: VerificationResult | None = None
    not_carried: tuple[str, ...] = ()
    unplated: Sequence[UnplatedVehicle] = ()

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        summary = self.summary
        return {
            "file": str(self.path),
            "frames": summary.frames,
            "seconds": round(summary.seconds, 3),
            "objects": dict(summary.objects),
            "masked_share": round(summary.masked_share, 4),
            "worst_frame": {"frame": summary.worst_frame, "masked_share": round(summary.worst_share, 4)},
            "searched_again": [search.as_json() for search in summary.searched_again],
            "vehicles_without_masked_plate": [vehicle.as_json() for vehicle in self.unplated],
            "not_carried": list(self.not_carried),
            "stages_s": {stage: round(seconds, 3) for stage, seconds in summary.stages_s.items()},
            "verification": None if self.verification is None else verification_json(self.verification),
        }


def anonymize_file(request: AnonymizeRequest, progress: Progress) -> AnonymizedFile:
    """Anonymize an image or a video.

    Raises:
        PolicyError: the overlay says something sensitive about people.
        ViapublicaError: it cannot be done; no file is left under the target's name.
    """
    check_overlay_texts(request.text, standard_screen())
    media = find_media([request.file])
    if len(media) != 1 or media[0].path != request.file:
        raise ReleaseError(str(request.file), "is a folder", "Give one clip or image")
    is_video = media[0].is_clip
    path = _target(request.file, request.target, is_video)
    if not is_video:
        _refuse_video_options(request)
    identity = _identity(request)
    regions = read_redacted_regions(request.regions)
    if request.report is not None:
        _check_report(request.report, request.file, path)
    if not request.replace:
        _refuse_existing({"--out": path, "--report": request.report})
    start_s, end_s = request.span_s
    view = view_of(request.file, is_clip=is_video, rotate=request.rotate, known=request.known)
    options = InputOptions(view.rotate, request.track)
    video = (
        FileVideo(request.file, DecodeSettings(), view.masks, start_s=start_s, end_s=end_s, options=options)
        if is_video
        else None
    )
    configure_logging("warning", "auto")
    warn_of_weak_style(request.settings, progress)
    if video is None:
        image = _anonymize_image(request, path, regions, view)
        for search in image.summary.searched_again:
            progress.warn("several views", f"the image seems to be {search.reason}, and was searched in several views")
        return _with_warning(image, request.file, progress)
    job = RedactionJob(video, request.settings, request.text, regions, identity, ignored_areas=view.ignore)
    result = _anonymize_video(request, job, path, progress)
    if damage := damage_text(result.undecodable_packets):
        progress.warn("damaged", f"{request.file}: {damage}")
    if not request.multi_view and result.verification is None:
        _warn_of_one_view(result.summary, progress)
    written = AnonymizedFile(path, result.summary, result.verification, video.not_read, result.unplated)
    return _with_warning(written, request.file, progress)


def _warn_of_one_view(summary: RedactionSummary, progress: Progress) -> None:
    """Warn of what one view may miss, unless all frames were searched in several."""
    again = sum(search.last - search.first + 1 for search in summary.searched_again)
    if again < summary.frames:
        which = "every other frame" if again else "each frame"
        progress.warn(
            "note",
            f"{which} was searched once: small plates and distant people may be missed; add --fine to search every "
            "frame in several views, or --check for verification detectors that do",
        )


def _with_warning(written: AnonymizedFile, file: Path, progress: Progress) -> AnonymizedFile:
    if written.not_carried:
        progress.warn("not carried", f"{file}: the result does not hold {', '.join(written.not_carried)}")
    return written


def _anonymize_image(
    request: AnonymizeRequest, path: Path, regions: ManualRegions, view: RecordedView
) -> AnonymizedFile:
    with open_networks(request.settings, request.networks, copies=1) as networks:
        image = turned(read_image(request.file, turn_upright=True), InputOptions(view.rotate).turns)
        image = masked(image, MaskBurner(view.masks))
        planes, summary = redact_image(image, networks.detectors, request.settings, request.text, regions)
    options = [] if path.suffix.lower() == ".png" else [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    content = cv2.imencode(path.suffix.lower(), image_of(planes).bgr(), options)[1].tobytes()
    with partial_file(path) as partial:
        try:
            partial.write_bytes(content)
        except OSError as error:
            raise ReleaseError(str(path), f"cannot be written ({error.strerror})", "Free disk space") from error
    further = sum(1 for _ in read_further_frames(request.file))
    frames = (f"{further} further frame{'s' if further > 1 else ''} of the animation",) if further else ()
    return AnonymizedFile(path, summary, not_carried=(*frames, *other_content(request.file)))


def _anonymize_video(request: AnonymizeRequest, job: RedactionJob, path: Path, progress: Progress) -> RedactedVideo:
    with open_networks(job.settings, request.networks) as networks, partial_file(path) as partial:
        result = run_job(job, partial, networks, progress)
        if result.problems:
            raise refusal(result, str(path), partial, path.with_name(f"{path.stem}-residual"))
        if request.report is not None:
            language = report_language(request.locale)
            damage = damage_text(result.undecodable_packets, language)
            facts = ReportFacts(path.name, sha256_of(partial), [(language.text("Damaged"), damage)])
            with output_file("--report", str(request.report), "w", **REPORT_ENCODING) as stream:
                stream.write(build_report(result, facts, language))
        return result


def _target(file: Path, target: Path | None, is_video: bool) -> Path:
    """The path to write, checked before the redaction."""
    suffix = ".mp4" if is_video else ".jpg"
    path = target or file.with_name(f"{file.stem}-anonymized{suffix}")
    if path.exists() and path.samefile(file):
        raise ReleaseError(str(path), "is the original itself", "Choose another file with --out")
    if path.is_dir():
        raise ReleaseError(
            str(path), "is a folder, not a file", f"Choose a file in it, such as {path / 'public'}{suffix}"
        )
    allowed = {".mp4"} if is_video else _IMAGE_SUFFIXES
    if path.suffix.lower() not in allowed:
        raise ReleaseError(
            str(path), f"ends with {path.suffix or 'no suffix'}", f"Choose a file {' or '.join(sorted(allowed))}"
        )
    with partial_file(path, publish=False):
        return path


def _refuse_existing(targets: Mapping[str, Path | None]) -> None:
    """An output that exists may be signed, or be the only copy of a video that was deleted since."""
    for option, path in targets.items():
        if path is not None and path.is_file():
            raise ReleaseError(
                str(path), "exists already", f"Choose another file with {option}, or replace it: --force"
            )


def _check_report(report: Path, file: Path, path: Path) -> None:
    for other, role in ((file, "the original itself"), (path, "the clip that is to be written")):
        if report.resolve() == other.resolve():
            raise ReleaseError(str(report), f"is {role}", "Choose another file with --report")
    check_target("--report", str(report))


def _refuse_video_options(request: AnonymizeRequest) -> None:
    given = {
        "--check": request.networks.verify,
        "--report": request.report is not None,
        "--certificate": request.certificate is not None or request.key is not None,
    }
    for option, is_given in given.items():
        if is_given:
            raise ReleaseError(option, "applies to video only", "Inspect images manually, and omit the option")


def _identity(request: AnonymizeRequest) -> SigningIdentity | None:
    if request.certificate is None and request.key is None:
        return None
    if request.certificate is None or request.key is None:
        raise ReleaseError("--certificate and --key", "belong together", "Give both, or neither")
    from pipeline.app.anonymize.signing import open_signing_identity  # here: cryptography takes long to import

    return open_signing_identity(request.certificate, request.key, request.key_password)
