"""Texts of the report of a redacted video; `pipeline.anonymize.release_report` renders them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pipeline import __version__
from pipeline.anonymize.manual_regions import MAX_S, Region
from pipeline.anonymize.release_report import CheckRow, ReportTexts, clock, render_report
from pipeline.app.anonymize.redaction_job import RedactedVideo, RedactionJob
from pipeline.app.anonymize.verification import VerificationResult
from pipeline.domain.plural import counted, counted_list
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


def damage_text(undecodable_packets: int) -> str:
    """The missing parts of the source, in words; empty where there are none."""
    if not undecodable_packets:
        return ""
    verb = "is" if undecodable_packets == 1 else "are"
    return f"{counted(undecodable_packets, 'packet')} could not be decoded and {verb} missing"


def build_report(result: RedactedVideo, facts: ReportFacts) -> str:
    """The report as HTML."""
    job, summary, verification = result.job, result.summary, result.verification
    begin_s = float(result.detections.times_s[0])
    number = f" {job.text.number}" if job.text.number else ""
    size = f"{result.detections.width} × {result.detections.height}"
    objects = counted_list(summary.objects, "no objects were detected")
    rate = None if verification is None else verification.miss_rate
    texts = ReportTexts(
        title=f"Anonymized release{number}",
        institution=job.text.institution,
        facts=[
            *((name, value) for name, value in facts.rows if value),
            ("File", facts.name),
            ("SHA-256", facts.sha256),
            ("Length", f"{summary.seconds:.1f} s, {counted(summary.frames, 'frame')} of {size}"),
            ("Overlay", " · ".join(job.text.parts())),
            ("Signed by", job.identity.name if job.identity else "not signed"),
            ("Report made", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ],
        made_with=[
            ("Software", f"viapublica {__version__}"),
            ("Style", _style(job)),
            *((f"Model {name}", digest) for name, digest in result.statement["models"].items()),
            ("Policy", f"SHA-256 {result.statement['policy_sha256']}"),
        ],
        masked=f"Masked: {objects}. {100 * summary.masked_share:.1f} % of the image is masked on average, at most "
        f"{100 * summary.worst_share:.1f} % (frame {summary.worst_frame}).",
        worst_frame=summary.worst_frame,
        unplated=[
            (clock(v.begin_s), clock(v.end_s), str(v.frame), f"{v.box[0]}, {v.box[1]} to {v.box[2]}, {v.box[3]}")
            for v in result.unplated
        ],
        problems=result.problems,
        checks=[] if verification is None else _checks(verification),
        residual=[]
        if verification is None
        else [
            (r.label.word, clock(r.first_s - begin_s), clock(r.last_s - begin_s), str(r.frames), f"{r.score:.2f}")
            for r in verification.residual
        ],
        regions=[
            *_regions("redacted", job.regions.redact),
            *_regions("exempted, approved by a second person", job.regions.exempt),
        ],
        limits=_LIMITS,
        recall=""
        if rate is None or not rate.reference_objects
        else f"Of {counted(rate.reference_objects, 'reference object')} in the original they detect {rate.detected}.",
        exempted=_exempted(job.regions.exempt),
    )
    return render_report(texts, result.plan, result.detections)


def _style(job: RedactionJob) -> str:
    style = job.settings.style
    weak = " – weak: computed from the pixels that it hides, and attacks reverse it" if style in WEAK_STYLES else ""
    return f"{style.value}{weak}"


def _exempted(regions: Sequence[Region]) -> str:
    """Number of exempted regions and their share of the image; empty without any."""
    share = union_share([region.box for region in regions])
    return f"{counted(len(regions), 'region')} ({100 * share:.1f} % of the image)" if regions else ""


def _regions(decision: str, regions: Sequence[Region]) -> list[tuple[str, ...]]:
    return [
        (decision, clock(r.begin_s), "end" if r.end_s >= MAX_S else clock(r.end_s), str(list(r.box)), r.why)
        for r in regions
    ]


def _checks(verification: VerificationResult) -> list[CheckRow]:
    rate, attacks = verification.miss_rate, verification.attacks
    same = "" if verification.independent else " – includes the detector that chose the masks: not independent"
    added = ""
    if verification.added_masks:
        rounds = counted(verification.rounds, "further round")
        added = f"; {counted(verification.added_masks, 'object')} masked in {rounds}"
    rows = [
        CheckRow(
            f"Verification detectors on every frame ({', '.join(verification.detectors)}{same})",
            f"{counted(len(verification.residual), 'residual detection')}{added}",
            not verification.residual,
        ),
        CheckRow(
            "Recall of the verification detectors on the original",
            f"{rate.detected} of {counted(rate.reference_objects, 'reference object')}"
            if rate.reference_objects
            else "no reference objects",
            None,
        ),
        CheckRow(
            "Unredacted objects per minute that they could detect",
            f"{rate.per_minute:.1f} (95 %: {rate.low:.1f} to {rate.high:.1f}); wide for short clips",
            False if verification.residual else None,
        ),
    ]
    rows.append(
        CheckRow(
            f"Plates read in the finished file ({verification.plate_reader})",
            f"{attacks.plates_read} of {counted(attacks.plates_tried, 'place')}",
            not attacks.plates_read,
        )
    )
    for word, matched in attacks.rank_one.items():
        above = "more often than" if matched.above_chance else "no more often than"
        rows.append(
            CheckRow(
                f"{word.capitalize()}s re-identified among images of all of them",
                f"{above} by chance: {matched.hits:.2g} of {matched.people}, expected by chance 1, without masks "
                f"{attacks.baseline[word].hits:.2g}"
                if matched.people
                else "too few to try",
                not matched.above_chance if matched.people else None,
            )
        )
    return rows
