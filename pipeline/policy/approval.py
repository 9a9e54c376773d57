"""Conditions of an approval: what the approving person agreed to, and how the present ones differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import Any, Final

from pipeline.domain.camera_declaration import CameraDeclaration, common_ignored_areas
from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.disclosure import Disclosure
from pipeline.domain.polygon import Polygon
from pipeline.domain.recording import SegmentDigest
from pipeline.domain.times import format_time
from pipeline.errors import PolicyError

_NAMES: Final = {
    "content": "the requested video",
    "style": "the redaction style",
    "overlay": "the overlay",
    "declaration_sha256": "the recipient's declaration or requisition",
    "exemptions": "the exempted regions",
    "recorded": "the camera's declarations stored with the recording",
}
_CAMERA_NAMES: Final = {
    "masks": "the camera's privacy masks",
    "ignore": "the camera's ignored areas",
    "source_sha256": "the camera's source",
    "latitude": "the camera's position",
    "longitude": "the camera's position",
}


@dataclass(frozen=True, slots=True)
class CameraConditions:
    """The camera of a requested recording.

    Attributes:
        declared: in the configuration.
        recorded: declarations that held while the requested video was recorded.
        recording: content of the files of the requested video.
    """

    declared: CameraDeclaration
    recorded: tuple[CameraDeclaration, ...]
    recording: tuple[SegmentDigest, ...] = ()

    @property
    def masks(self) -> tuple[Polygon, ...]:
        """Privacy masks of the configuration and of every recorded declaration, each once."""
        return tuple(dict.fromkeys(mask for one in (self.declared, *self.recorded) for mask in one.masks))

    @property
    def ignored_areas(self) -> tuple[Polygon, ...]:
        """Ignored areas that the configuration and every recorded declaration have."""
        return common_ignored_areas((self.declared, *self.recorded)) if self.recorded else ()


def conditions_of(found: Disclosure, camera: CameraConditions | None) -> dict[str, Any]:
    """Everything that an approval refers to, as JSON values.

    Args:
        found: the disclosure.
        camera: of a requested recording; None for a file.
    """
    request = found.request
    conditions = {
        "recipient": request.recipient,
        "recipient_document": request.recipient_document,
        "basis": request.basis.value,
        "purpose": request.purpose,
        "content": asdict(request.content),
        "style": request.style,
        "overlay": asdict(request.overlay),
        "declaration_sha256": found.declaration.sha256 if found.declaration else "",
        "exemptions": {str(one.exemption_id): dict(one.region) for one in found.exemptions if one.confirmed_by},
        "camera": camera.declared.as_dict() if camera else None,
        "recorded": [one.as_dict() for one in camera.recorded] if camera else [],
    }
    if camera:
        conditions["recording"] = [asdict(one) for one in camera.recording]
    plain: dict[str, Any] = json.loads(canonical_json(conditions))
    return plain


def conditions_sha256(conditions: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of conditions."""
    return hashlib.sha256(canonical_json(conditions).encode()).hexdigest()


def check_conditions(found: Disclosure, approved: Mapping[str, Any], present: Mapping[str, Any]) -> None:
    """Check that nothing changed since the approval.

    Args:
        found: the disclosure; approved: its conditions then; present: see `conditions_of`.

    Raises:
        PolicyError: something did; it is named.
    """
    different = list(dict.fromkeys(_differences(approved, present)))
    if different:
        raise PolicyError(
            f"disclosure {found.number}",
            f"was approved by {found.decided_by} under other conditions; changed since: {', '.join(different)}",
            f"Restore them, or have the change decided: viapublica release approve {found.number} --by NAME",
            policy="release-conditions",
        )


def _differences(approved: Mapping[str, Any], present: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(approved.keys() | present.keys()):
        before, now = approved.get(key), present.get(key)
        if before == now:
            continue
        if key == "recording":
            yield from _recording_differences(before, now)
        elif key == "camera" and isinstance(before, Mapping) and isinstance(now, Mapping):
            for part in sorted(before.keys() | now.keys()):
                if before.get(part) != now.get(part):
                    name = _CAMERA_NAMES.get(part, f"the camera's {part}")
                    yield name + _counts(before.get(part), now.get(part))
        elif key == "camera":
            yield "the camera's declaration (not part of the approval)"
        else:
            yield _NAMES.get(key, key.replace("_", " ")) + _counts(before, now)


def _recording_differences(before: Any, now: Any) -> Iterator[str]:
    """Every file whose content, begin or end is another one, by its time."""
    if now is None:
        return  # named by the camera's declaration, which is missing as well
    if before is None:
        yield "the content of the recording (not part of the approval)"
        return
    approved, present = ({_span(one): one["sha256"] for one in files} for files in (before, now))
    for span in sorted(approved.keys() | present.keys()):
        name = f"the recording of {format_time(span[0], UTC)} to {format_time(span[1], UTC)}"
        if span not in present:
            yield f"{name} is missing"
        elif span not in approved:
            yield f"{name} was not there"
        elif approved[span] != present[span]:
            yield f"{name} is not the one that was approved"


def _span(file: Mapping[str, Any]) -> tuple[int, int]:
    return file["begin_ms"], file["end_ms"]


def _counts(before: Any, now: Any) -> str:
    """The numbers of two collections that differ in length."""
    collections = (Sequence, Mapping)
    if isinstance(before, str) or not (isinstance(before, collections) and isinstance(now, collections)):
        return ""
    return f" ({len(before)} approved, {len(now)} now)" if len(before) != len(now) else ""
