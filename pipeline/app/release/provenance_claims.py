"""What is said, and signed, of a released clip: who gives it away, what was covered and how, by which weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.anonymize.manual_regions import Regions
from pipeline.anonymize.settings import AnonymizeSettings, MarkText
from pipeline.app.release.redaction_run import Anonymized
from pipeline.app.release.verification import Checked
from pipeline.weights.catalog import load_card


def statement(
    done: Anonymized,
    settings: AnonymizeSettings,
    text: MarkText,
    *,
    regions: Regions,
    models: Mapping[str, str],
    checked: Checked | None,
) -> dict[str, Any]:
    """JSON values for the signature.

    Args:
        done: what was made; settings: how; text: of its mark; regions: what a person decided.
        models: name of each model to the SHA-256 of its weights.
        checked: what others saw, None when nobody looked.
    """
    policy = {"look": settings.look.value, "fine": settings.fine, "covers": settings.cover.model_dump()}
    said: dict[str, Any] = {
        "institution": text.institution,
        "camera": text.camera,
        "date": text.moment,
        "number": text.number,
        "software": f"viapublica {__version__}",
        "models": dict(models),
        "policy": policy,
        "policy_sha256": hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest(),
        "frames": done.frames,
        "seconds": round(done.seconds, 3),
        "objects": dict(done.objects),
        "covered": round(done.covered, 4),
        "by_hand": {"covered": len(regions.cover), "left_bare": len(regions.uncover)},
    }
    return said | ({} if checked is None else {"checked": check_facts(checked)})


def masks_said(masks: Sequence[Sequence[Sequence[float]]]) -> dict[str, Any]:
    """How many privacy masks, and a digest by which those of two clips of one camera are compared."""
    plain = [[[round(float(value), 6) for value in point] for point in mask] for mask in masks]
    return {"count": len(plain), "sha256": hashlib.sha256(json.dumps(plain).encode()).hexdigest()}


def check_facts(checked: Checked) -> dict[str, Any]:
    """What a check gave, as JSON values."""
    probed, misses = checked.probed, checked.misses
    return {
        "eyes": list(checked.eyes),
        "reader": checked.reader,
        "independent": checked.independent,
        "covered_more": checked.covered_more,
        "rounds": checked.rounds,
        "found": len(checked.found),
        "problems": list(checked.problems),
        # No lists of numbers: C2PA takes them for bytes.
        "misses_per_minute": {
            "estimate": round(misses.per_minute, 3),
            "low": round(misses.low, 3),
            "high": round(misses.high, 3),
        },
        "eyes_on_the_original": {"saw": misses.eyes_saw, "of": misses.eyes_asked},
        "plates": {"read": probed.plates_read, "tried": probed.plates_tried},
        "recognized": {
            word: {
                "people": matched.people,
                "found": round(matched.hits, 2),
                "by_chance": 1 if matched.people else 0,
                "without_covers": round(probed.bare[word].hits, 2),
            }
            for word, matched in probed.matched.items()
        },
    }


def digests(names: Iterable[str], models_dir: Path | None) -> dict[str, str]:
    """The SHA-256 of the weights of each model, as its card has it and as was checked when it was opened."""
    return {name: load_card(name, models_dir).sha256 for name in dict.fromkeys(names) if name}
