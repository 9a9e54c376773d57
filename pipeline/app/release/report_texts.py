"""What the page of a release says; see `pipeline.anonymize.release_report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pipeline import __version__
from pipeline.anonymize.manual_regions import Region
from pipeline.anonymize.release_report import CheckRow, Texts, clock, render
from pipeline.anonymize.settings import WEAKER_LOOKS
from pipeline.app.release.release_run import Job, Released
from pipeline.app.release.verification import Checked

_LIMITS: Final = (
    "Detectors miss people, also these. The estimate of misses counts what the checking eyes could have seen; who is "
    "hidden from all of them is in no figure here.",
    "Place, time, size and way of the covers stay. Who knows that somebody was there at that minute can guess under "
    "which cover he is.",
    "Shop fronts, unusual vehicles, signs and clothes outside of covers are not looked for.",
    "The matching attack compares colors and shapes; a stronger one may exist. Under an opaque fill no attack has "
    "anything to compare, whatever its strength.",
)


@dataclass(frozen=True)
class FileFacts:
    """What the page says of the file and of why it leaves.

    Attributes:
        name: of the file; sha256: of it, as released.
        rows: further facts: recipient, legal basis, camera, time, who approved.
    """

    name: str
    sha256: str
    rows: Sequence[tuple[str, str]] = ()


def page_of(made: Released, job: Job, facts: FileFacts) -> str:
    """The page as HTML."""
    done, checked = made.done, made.checked
    begin_s = float(made.sightings.times_s[0])
    number = f" {job.text.number}" if job.text.number else ""
    words = ", ".join(f"{count} {word}s" for word, count in done.objects.items()) or "nobody was found"
    texts = Texts(
        title=f"Anonymized release{number}",
        institution=job.text.institution,
        facts=[
            *((name, value) for name, value in facts.rows if value),
            ("File", facts.name),
            ("SHA-256", facts.sha256),
            ("Length", f"{done.seconds:.1f} s, {done.frames} images of {made.sightings.width} × "
             f"{made.sightings.height}"),
            ("Mark burnt in", " · ".join(job.text.parts())),
            ("Signed by", job.identity.name if job.identity else "nobody"),
            ("Page made", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ],
        made_with=[
            ("Software", f"viapublica {__version__}"),
            ("Look", _look(job)),
            *((f"Model {name}", digest) for name, digest in job.models.items()),
            ("Policy", f"SHA-256 {made.said['policy_sha256']}"),
        ],
        covered=f"Followed and covered: {words}. {100 * done.covered:.1f} % of the image is covered in the mean.",
        problems=made.problems,
        checks=[] if checked is None else _checks(checked),
        residues=[] if checked is None else [
            (r.label.word, clock(r.first_s - begin_s), clock(r.last_s - begin_s), str(r.frames), f"{r.score:.2f}")
            for r in checked.found
        ],
        by_hand=[
            *_by_hand("covered", job.regions.cover),
            *_by_hand("left as it is, agreed by a second person", job.regions.uncover),
        ],
        limits=_LIMITS,
        eyes="" if checked is None or not checked.misses.eyes_asked else (
            f"of {checked.misses.eyes_asked} who are certainly in the original it sees {checked.misses.eyes_saw}."
        ),
        left_bare=len(job.regions.uncover),
    )  # fmt: skip
    return render(texts, made.plan, made.sightings)


def _look(job: Job) -> str:
    look = job.settings.look
    weaker = " – weaker: made from the pixels it hides, and attacks read it" if look in WEAKER_LOOKS else ""
    return f"{look.value}{weaker}"


def _by_hand(what: str, regions: Sequence[Region]) -> list[tuple[str, ...]]:
    return [
        (what, clock(r.begin_s), "end" if r.end_s >= 1e6 else clock(r.end_s), str(list(r.box)), r.why) for r in regions
    ]


def _checks(checked: Checked) -> list[CheckRow]:
    misses, probed = checked.misses, checked.probed
    whose = "" if checked.independent else " – the detector that chose the covers: not independent"
    rows = [
        CheckRow(
            f"Other detectors look at every image ({', '.join(checked.eyes)}{whose})",
            f"{len(checked.found)} uncovered objects seen; {checked.covered_more} were covered more in "
            f"{checked.rounds} further rounds",
            not checked.found,
        ),
        CheckRow(
            "What these eyes see at all: tried on the original before it was covered",
            f"{misses.eyes_saw} of {misses.eyes_asked} objects that are certainly there"
            if misses.eyes_asked
            else "nobody to try them on",
            None,
        ),
        CheckRow(
            "Uncovered objects per minute that they could see",
            f"{misses.per_minute:.1f} (95 %: {misses.low:.1f} to {misses.high:.1f}); a short clip says little",
            None if not checked.found else False,
        ),
    ]
    if checked.reader:
        rows.append(
            CheckRow(
                f"Plates read in the finished file ({checked.reader})",
                f"{probed.plates_read} of {probed.plates_tried} places",
                not probed.plates_read,
            )
        )
    for word, matched in probed.matched.items():
        bare = probed.bare[word]
        rows.append(
            CheckRow(
                f"{word.capitalize()}s looked for among images of all of them",
                f"{'more often than' if matched.above_chance else 'no better than'} by chance: {matched.hits:.2g} of "
                f"{matched.people}, chance gives 1; without covers {bare.hits:.2g}"
                if matched.people
                else "too few to try",
                not matched.above_chance if matched.people else None,
            )
        )
    return rows
