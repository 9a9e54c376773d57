"""The statement that is signed into a redacted video, as JSON values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline import __version__
from pipeline.anonymize.captions import Captions
from pipeline.anonymize.exemptions import UnredactedShare
from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.redaction_run import RedactionSummary
from pipeline.app.anonymize.verification import VerificationResult
from pipeline.domain.redaction import OverlayText
from pipeline.policy.exemption_limits import union_share
from pipeline.weights.pinned_networks import NetworkDigests, load_network_pins


def provenance_statement(
    summary: RedactionSummary,
    settings: AnonymizeSettings,
    text: OverlayText,
    *,
    regions: ManualRegions,
    networks: Mapping[str, NetworkDigests],
    verification: VerificationResult | None,
) -> dict[str, Any]:
    """The statement.

    Args:
        summary: figures of the redaction; settings: of it.
        text: of the overlay.
        regions: redacted in addition, or exempted.
        networks: name of each network to the digests of its card and weights.
        verification: None without one.

    Raises:
        ModelIntegrityError: a file of pinned networks cannot be used.
    """
    source, pins_sha256 = load_network_pins().source_of(networks)
    policy = {
        "style": settings.style.value,
        "multi_view": settings.multi_view,
        "masks": settings.masks.model_dump(),
    }
    statement: dict[str, Any] = {
        "institution": text.institution,
        "place": text.place,
        "date": text.date,
        "number": text.number,
        "software": f"viapublica {__version__}",
        "models": {name: digests.weights for name, digests in networks.items()},
        "cards": {name: digests.card for name, digests in networks.items()},
        "network_pins": {"source": source.value, "sha256": pins_sha256},
        "policy": policy,
        "policy_sha256": hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest(),
        "frames": summary.frames,
        "seconds": round(summary.seconds, 3),
        "objects": dict(summary.objects),
        "masked_share": round(summary.masked_share, 4),
        "worst_frame": {"frame": summary.worst_frame, "masked_share": round(summary.worst_share, 4)},
        "manual_regions": {
            "redacted": len(regions.redact),
            "exempted": len(regions.exempt),
            "exempted_share": round(union_share([region.box for region in regions.exempt]), 4),
        },
        "exemptions": {str(number): _exemption_json(one) for number, one in enumerate(regions.exempt, 1)},
    }
    return statement if verification is None else statement | {"verification": verification_json(verification)}


def _exemption_json(region: Region) -> dict[str, Any]:
    box = ", ".join(f"{edge:g}" for edge in region.box)
    return {"from_s": region.begin_s, "to_s": region.end_s, "box": box, "why": region.why}


def privacy_masks_json(masks: Sequence[Sequence[Sequence[float]]]) -> dict[str, Any]:
    """Number of privacy masks, and a digest by which those of two clips of one camera are compared."""
    plain = [[[round(float(value), 6) for value in point] for point in mask] for mask in masks]
    return {"count": len(plain), "sha256": hashlib.sha256(json.dumps(plain).encode()).hexdigest()}


def captions_json(captions: Captions) -> dict[str, Any]:
    """The camera's ignored areas in which captions are unmasked: number, share of the image, and digest."""
    return {"share": round(captions.share, 4), **privacy_masks_json(captions.polygons)}


def unredacted_json(unredacted: UnredactedShare) -> dict[str, float]:
    """What exemptions leave unredacted: shares of the image, on average over the video and at most, and its seconds."""
    return {
        "mean_share": round(unredacted.mean, 6),
        "worst_share": round(unredacted.worst, 6),
        "seconds": round(unredacted.seconds, 3),
    }


def verification_json(verification: VerificationResult) -> dict[str, Any]:
    """A verification as JSON values."""
    attacks, rate = verification.attacks, verification.miss_rate
    return {
        "detectors": list(verification.detectors),
        "plate_reader": verification.plate_reader,
        "independent": verification.independent,
        "residual_detections": len(verification.residual),
        "added_masks": verification.added_masks,
        "rounds": verification.rounds,
        "problems": list(verification.problems),
        # No lists of numbers: C2PA takes them for bytes.
        "misses_per_minute": {
            "estimate": round(rate.per_minute, 3),
            "low": round(rate.low, 3),
            "high": round(rate.high, 3),
        },
        "recall_on_original": {"detected": rate.detected, "reference_objects": rate.reference_objects},
        "plates": {"read": attacks.plates_read, "tried": attacks.plates_tried},
        "reidentification": {
            word: {
                "people": matched.people,
                "matched": round(matched.hits, 2),
                "by_chance": 1 if matched.people else 0,
                "without_masks": round(attacks.baseline[word].hits, 2),
            }
            for word, matched in attacks.rank_one.items()
        },
    }
