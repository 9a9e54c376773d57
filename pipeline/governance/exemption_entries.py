"""Entries of exemptions in the register. Each one ends an approval that was given without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from pipeline.domain.disclosure import DisclosureState
from pipeline.errors import ReleaseError
from pipeline.governance.journal import Act
from pipeline.governance.row_mapping import disclosure_of, exemption_row
from pipeline.governance.tables import DisclosureRow, ExemptionRow
from pipeline.policy import disclosure as rules
from pipeline.policy.exemption_limits import check_exemptions


def add_exemption(
    session: Session, row: DisclosureRow, region: Mapping[str, Any], reason: str, act: Act
) -> dict[str, Any]:
    """Enter a requested exemption; the change for the journal.

    Raises:
        PolicyError: no reason, the regions are too large together or have no end, or the disclosure was refused or
            delivered.
    """
    found = disclosure_of(row)
    rules.check_exempting(found)
    check_exemptions(f"disclosure {row.number}", [*(one.region for one in found.exemptions), region])
    requested = exemption_row(
        region, rules.checked_reasons(row.number, reason, "an exemption needs"), act.by, act.at_ms
    )
    row.exemptions.append(requested)
    session.flush()
    change = {"exemption_id": requested.id, "region": dict(region), "reason": requested.reason}
    return change | _end_approval(row)


def confirm_exemption(session: Session, row: DisclosureRow, exemption_id: int, act: Act) -> dict[str, Any]:
    """Enter the second person of an exemption; the change for the journal.

    Raises:
        ReleaseError: it is not of this disclosure.
        PolicyError: the same person requested it, it is already confirmed, or the disclosure was refused or delivered.
    """
    found = disclosure_of(row)
    rules.check_exempting(found)
    requested = next((one for one in found.exemptions if one.exemption_id == exemption_id), None)
    if requested is None:
        known = ", ".join(str(one.exemption_id) for one in found.exemptions) or "none"
        raise ReleaseError(
            f"exemption {exemption_id}", f"does not belong to disclosure {found.number}", f"It has: {known}"
        )
    rules.check_confirming(requested, act.by)
    stored = session.get_one(ExemptionRow, exemption_id)
    stored.confirmed_by, stored.confirmed_ms = act.by, act.at_ms
    return {"exemption_id": exemption_id} | _end_approval(row)


def _end_approval(row: DisclosureRow) -> dict[str, Any]:
    """Take an approval back whose conditions no longer hold; the change for the journal, empty without an approval."""
    if row.state not in {DisclosureState.APPROVED.value, DisclosureState.BUILT.value}:
        return {}
    ended = {"ended_approval_of": row.decided_by}
    row.state, row.decided_by, row.decided_ms, row.reasons = DisclosureState.REQUESTED.value, "", None, ""
    return ended
