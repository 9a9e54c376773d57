"""Texts of the report of a redacted video; `pipeline.anonymize.release_report` renders them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from pipeline import __version__
from pipeline.anonymize.manual_regions import MAX_S, Region
from pipeline.anonymize.release_report import CheckRow, ReportTexts, clock, render_report
from pipeline.anonymize.unplated_vehicles import UnplatedVehicle
from pipeline.app.anonymize.attack_evaluation import AttackResults
from pipeline.app.anonymize.redaction_job import RedactedVideo, RedactionJob
from pipeline.app.anonymize.verification import VerificationResult
from pipeline.domain.language import ENGLISH, Language
from pipeline.domain.redaction import WEAK_STYLES
from pipeline.policy.exemption_limits import union_share

REPORT_ENCODING: Final = {"encoding": "utf-8", "errors": "backslashreplace"}
"""File names need not be UTF-8."""
_LIMITS: Final = (
    "Detectors miss objects, also those that verify. The miss rate counts what the verification detectors could have "
    "detected; persons that all of them miss are in no figure here.",
    "Place, time, size and motion of the masks remain. A reader who knows that a person was there at that minute can "
    "guess which mask is theirs.",
    "Shop fronts, unusual vehicles, signs and clothes outside of masks are not searched for.",
    "The re-identification attack compares colors and shapes; stronger ones may exist. Under an opaque fill no attack "
    "has any information.",
)


_WEAK: Final = "{style} – weak: computed from the pixels that it hides, and attacks reverse it"
_CAPTIONS: Final = "not masked in {areas} of the configuration ({share}% of the image)"
_UNREDACTED: Final = "{mean}% of the image on average and at most {worst}%, in {seconds} s"
_DAMAGED: Final = "{packets} could not be decoded and are missing"
_DAMAGED_ONE: Final = "{packets} could not be decoded and is missing"
_DETECTORS: Final = "Verification detectors on every frame ({detectors})"
_DEPENDENT_DETECTORS: Final = (
    "Verification detectors on every frame ({detectors} – includes the detector that chose the masks: not independent)"
)
_REIDENTIFIED: Final = {
    "person": "Persons re-identified among images of all of them",
    "face": "Faces re-identified among images of all of them",
}
_EXPECTED: Final = "by chance: {hits} of {people}, expected by chance 1, without masks {baseline}"
_ABOVE_CHANCE: Final = f"more often than {_EXPECTED}"
_AT_CHANCE: Final = f"no more often than {_EXPECTED}"


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Facts of the report about the file and its disclosure.

    Attributes:
        name: of the file; sha256: of its content.
        rows: further facts: recipient, legal basis, camera, time, approval.
    """

    name: str
    sha256: str
    rows: Sequence[tuple[str, str]] = ()


def damage_text(undecodable_packets: int, language: Language = ENGLISH) -> str:
    """The missing parts of the source, in words; empty where there are none."""
    if not undecodable_packets:
        return ""
    return language.text(
        _DAMAGED_ONE if undecodable_packets == 1 else _DAMAGED,
        packets=language.counted(undecodable_packets, "packet"),
    )


def build_report(result: RedactedVideo, facts: ReportFacts, language: Language = ENGLISH) -> str:
    """The report as HTML."""
    job, summary, verification = result.job, result.summary, result.verification
    text = language.text
    number = f" {job.text.number}" if job.text.number else ""
    size = f"{result.detections.width} × {result.detections.height}"
    length_s = language.number(summary.seconds)
    texts = ReportTexts(
        title=f"{text('Anonymized release')}{number}",
        institution=job.text.institution,
        facts=[
            *((name, value) for name, value in facts.rows if value),
            (text("File"), facts.name),
            (text("SHA-256"), facts.sha256),
            (
                text("Length"),
                text(
                    "{seconds} s, {frames} of {size}",
                    seconds=length_s,
                    frames=language.counted(summary.frames, "frame"),
                    size=size,
                ),
            ),
            (text("Overlay"), " · ".join(job.text.parts())),
            *_captions(result, language),
            *_unredacted(result, language),
            (text("Signed by"), job.identity.name if job.identity else text("not signed")),
            (text("Report made"), language.time(time.time_ns() // 1_000_000, UTC)),
        ],
        made_with=[
            (text("Software"), f"viapublica {__version__}"),
            (text("Style"), _style(job, language)),
            *((text("Model {name}", name=name), digest) for name, digest in result.statement["models"].items()),
            (text("Policy"), f"SHA-256 {result.statement['policy_sha256']}"),
        ],
        masked=text(
            "Masked: {objects}. {mean}% of the image is masked on average, at most {worst}% (frame {frame}).",
            objects=language.listed(summary.objects, "no objects were detected"),
            mean=language.number(100 * summary.masked_share),
            worst=language.number(100 * summary.worst_share),
            frame=summary.worst_frame,
        ),
        worst_frame=summary.worst_frame,
        unplated=[_unplated(vehicle, language) for vehicle in result.unplated],
        problems=result.problems,
        checks=[] if verification is None else _checks(verification, language),
        residual=[] if verification is None else _residual(verification, result, language),
        regions=[
            *_regions(text("redacted"), job.regions.redact, language),
            *_regions(text("exempted, approved by a second person"), job.regions.exempt, language),
        ],
        limits=[text(limit) for limit in _LIMITS],
        recall="" if verification is None else _recall(verification, language),
        exempted=_exempted(job.regions.exempt, language),
    )
    return render_report(texts, result.plan, result.detections, language)


def _style(job: RedactionJob, language: Language) -> str:
    style = language.text(job.settings.style.value)
    if job.settings.style not in WEAK_STYLES:
        return style
    return language.text(_WEAK, style=style)


def _unplated(vehicle: UnplatedVehicle, language: Language) -> tuple[str, ...]:
    sides = dict(zip(("left", "top", "right", "bottom"), vehicle.box, strict=True))
    box = language.text("{left}, {top} to {right}, {bottom}", **sides)
    return clock(vehicle.begin_s), clock(vehicle.end_s), str(vehicle.frame), box


def _residual(verification: VerificationResult, result: RedactedVideo, language: Language) -> list[tuple[str, ...]]:
    begin_s = float(result.detections.times_s[0])
    return [
        (
            language.noun(one.label.word),
            clock(one.first_s - begin_s),
            clock(one.last_s - begin_s),
            str(one.frames),
            language.number(one.score, 2),
        )
        for one in verification.residual
    ]


def _recall(verification: VerificationResult, language: Language) -> str:
    rate = verification.miss_rate
    if not rate.reference_objects:
        return ""
    references = language.counted(rate.reference_objects, "reference object")
    return language.text(
        "Of {references} in the original they detect {detected}.", references=references, detected=rate.detected
    )


def _exempted(regions: Sequence[Region], language: Language) -> str:
    """Number of exempted regions and their share of the image; empty without any."""
    share = language.number(100 * union_share([region.box for region in regions]))
    number = language.counted(len(regions), "region")
    return language.text("{regions} ({share}% of the image)", regions=number, share=share) if regions else ""


def _unredacted(result: RedactedVideo, language: Language) -> list[tuple[str, str]]:
    """What stayed unredacted in exempted regions; no row without any."""
    if not result.job.regions.exempt:
        return []
    left, text = result.unredacted, language.text
    if not left.seconds:
        return [(text("Unredacted by exemption"), text("nothing"))]
    shares = {"mean": language.number(100 * left.mean, 2), "worst": language.number(100 * left.worst, 2)}
    return [(text("Unredacted by exemption"), text(_UNREDACTED, seconds=language.number(left.seconds), **shares))]


def _captions(result: RedactedVideo, language: Language) -> list[tuple[str, str]]:
    captions = result.plan.captions
    if not captions.polygons:
        return []
    areas = language.counted(len(captions.polygons), "area")
    share = language.number(100 * captions.share)
    return [(language.text("Captions of the camera"), language.text(_CAPTIONS, areas=areas, share=share))]


def _regions(decision: str, regions: Sequence[Region], language: Language) -> list[tuple[str, ...]]:
    end = language.text("end")
    return [
        (decision, clock(r.begin_s), end if r.end_s >= MAX_S else clock(r.end_s), str(list(r.box)), r.why)
        for r in regions
    ]


def _checks(verification: VerificationResult, language: Language) -> list[CheckRow]:
    rate, attacks, text = verification.miss_rate, verification.attacks, language.text
    detectors = ", ".join(verification.detectors)
    reference = language.counted(rate.reference_objects, "reference object")
    interval = {key: language.number(value) for key, value in (("low", rate.low), ("high", rate.high))}
    return [
        CheckRow(
            text(_DETECTORS if verification.independent else _DEPENDENT_DETECTORS, detectors=detectors),
            _found(verification, language),
            not verification.residual,
        ),
        CheckRow(
            text("Recall of the verification detectors on the original"),
            text("{number} of {objects}", number=rate.detected, objects=reference)
            if rate.reference_objects
            else text("no reference objects"),
            None,
        ),
        CheckRow(
            text("Unredacted objects per minute that they could detect"),
            text(
                "{rate} (95%: {low} to {high}); wide for short clips",
                rate=language.number(rate.per_minute),
                **interval,
            ),
            False if verification.residual else None,
        ),
        CheckRow(
            text("Plates read in the finished file ({reader})", reader=verification.plate_reader),
            text(
                "{number} of {objects}",
                number=attacks.plates_read,
                objects=language.counted(attacks.plates_tried, "place"),
            ),
            not attacks.plates_read,
        ),
        *(_reidentified(word, attacks, language) for word in attacks.rank_one),
    ]


def _found(verification: VerificationResult, language: Language) -> str:
    found = language.counted(len(verification.residual), "residual detection")
    if not verification.added_masks:
        return found
    added = language.text(
        "{objects} masked in {rounds}",
        objects=language.counted(verification.added_masks, "object"),
        rounds=language.counted(verification.rounds, "further round"),
    )
    return f"{found}; {added}"


def _reidentified(word: str, attacks: AttackResults, language: Language) -> CheckRow:
    matched, name = attacks.rank_one[word], language.text(_REIDENTIFIED[word])
    if not matched.people:
        return CheckRow(name, language.text("too few to try"), None)
    result = language.text(
        _ABOVE_CHANCE if matched.above_chance else _AT_CHANCE,
        hits=_short(matched.hits, language),
        people=matched.people,
        baseline=_short(attacks.baseline[word].hits, language),
    )
    return CheckRow(name, result, not matched.above_chance)


def _short(value: float, language: Language) -> str:
    return f"{value:.2g}".replace(".", language.decimal)
