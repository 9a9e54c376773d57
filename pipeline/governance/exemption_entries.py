"""Entries of exemptions in the register. Each one ends an approval that was given without it.

The second person confirms what they were shown: without an unchanged image of the region nothing is confirmed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from pipeline.domain.disclosure import Disclosure, DisclosureState, Exemption
from pipeline.errors import PolicyError, ReleaseError
from pipeline.governance.journal import Act, entries
from pipeline.governance.row_mapping import disclosure_of, exemption_row
from pipeline.governance.tables import DisclosureRow, ExemptionRow
from pipeline.policy import disclosure as rules
from pipeline.policy.exemption_decisions import check_confirming, check_exempting, check_shown
from pipeline.policy.exemption_limits import check_exemptions
from pipeline.policy.sensitive.screen import TextScreen
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

SHOWN: Final = "show-exemption"
"""Action of journal entries about images of exemptions."""


def add_exemption(
    session: Session, row: DisclosureRow, region: Mapping[str, Any], reason: str, act: Act, *, screen: TextScreen
) -> dict[str, Any]:
    """Enter a requested exemption; the change for the journal.

    Raises:
        PolicyError: no reason, the regions are too large together or have no end, or the disclosure was refused or
            delivered.
    """
    found = disclosure_of(row)
    check_exempting(found)
    check_exemptions(f"disclosure {row.number}", [*(one.region for one in found.exemptions), region])
    requested = exemption_row(
        region, rules.checked_reasons(row.number, reason, "an exemption needs", screen), act.by, act.at_ms
    )
    row.exemptions.append(requested)
    session.flush()
    change = {"exemption_id": requested.id, "region": dict(region), "reason": requested.reason}
    return change | _end_approval(row)


def confirm_exemption(
    session: Session, row: DisclosureRow, exemption_id: int, act: Act, images: Path
) -> dict[str, Any]:
    """Enter the second person of an exemption; the change for the journal.

    Args:
        session: of the database; row: the disclosure; exemption_id: of it; act: person and time.
        images: folder of the images of exemptions.

    Raises:
        ReleaseError: it is not of this disclosure.
        PolicyError: the same person requested it, it is already confirmed, no image of it was made or it was changed,
            the person who requested it or a builder made it, or the disclosure was refused or delivered.
    """
    found = disclosure_of(row)
    check_exempting(found)
    requested = exemption_of(found, exemption_id)
    check_confirming(requested, act.by)
    digest, shown_to = _shown(session, found.number, exemption_id)
    if not digest or _sha256(image_path(images, found.number, exemption_id)) != digest:
        raise PolicyError(
            f"exemption {exemption_id}",
            "was shown in no image" if not digest else "was shown in an image that is missing or was changed",
            "Make one, and open it: viapublica release show-exemption "
            f"{found.number} {exemption_id}, with --source FILE or --config FILE",
            policy="exemption-not-shown",
        )
    check_shown(found, requested, shown_to, act.by)
    stored = session.get_one(ExemptionRow, exemption_id)
    stored.confirmed_by, stored.confirmed_ms = act.by, act.at_ms
    return {"exemption_id": exemption_id, "image_sha256": digest} | _end_approval(row)


def exemption_of(found: Disclosure, exemption_id: int) -> Exemption:
    """An exemption of a disclosure.

    Raises:
        ReleaseError: it is not of this disclosure.
    """
    requested = next((one for one in found.exemptions if one.exemption_id == exemption_id), None)
    if requested is None:
        known = ", ".join(str(one.exemption_id) for one in found.exemptions) or "none"
        raise ReleaseError(
            f"exemption {exemption_id}", f"does not belong to disclosure {found.number}", f"It has: {known}"
        )
    return requested


def image_path(images: Path, number: str, exemption_id: int) -> Path:
    """The image of an exemption in the folder of images."""
    return images / f"{number.replace('/', '-')}-{exemption_id}.png"


def store_image(images: Path, found: Disclosure, exemption_id: int, content: bytes) -> tuple[Path, dict[str, Any]]:
    """Write the image of an exemption, for this user only; its path, and the change for the journal.

    Raises:
        ReleaseError: it cannot be written.
    """
    path = image_path(images, found.number, exemption_id)
    try:
        write_atomically(private_folder(images) / path.name, content)
    except OSError as error:
        raise ReleaseError(
            str(path), f"cannot be written ({error.strerror})", "Free disk space, or fix its permissions"
        ) from error
    return path, {"exemption_id": exemption_id, "image_sha256": hashlib.sha256(content).hexdigest()}


def remove_images(images: Path, found: Disclosure) -> None:
    """Remove the images of a disclosure that is refused or delivered: they show what no recipient may see.

    Raises:
        ReleaseError: one cannot be removed.
    """
    for one in found.exemptions:
        path = image_path(images, found.number, one.exemption_id)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ReleaseError(str(path), f"cannot be removed ({error.strerror})", "Remove it") from error


def _shown(session: Session, number: str, exemption_id: int) -> tuple[str, str]:
    """SHA-256 of the newest image that the journal has, and the person who made it; empty without one."""
    shown = (one for one in reversed(entries(session, number)) if one.action == SHOWN)
    images = ((one.details["change"], one.who) for one in shown)
    return next(((c["image_sha256"], who) for c, who in images if c["exemption_id"] == exemption_id), ("", ""))


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _end_approval(row: DisclosureRow) -> dict[str, Any]:
    """Take an approval back whose conditions no longer hold; the change for the journal, empty without an approval."""
    if row.state not in {DisclosureState.APPROVED.value, DisclosureState.BUILT.value}:
        return {}
    ended = {"ended_approval_of": row.decided_by}
    row.state, row.decided_by, row.decided_ms, row.reasons = DisclosureState.REQUESTED.value, "", None, ""
    return ended
