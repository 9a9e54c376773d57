"""Rules of requesting and confirming exemptions from redaction, as pure functions.

The second person is a rule of this program: the decree names none.
"""

from __future__ import annotations

import shlex

from pipeline.domain.disclosure import Disclosure, DisclosureState, Exemption
from pipeline.errors import PolicyError
from pipeline.policy.disclosure import check_building
from pipeline.policy.person_names import same_person


def check_exempting(found: Disclosure) -> None:
    """Check that exemptions may be requested and confirmed. Both end an approval, which did not include them.

    Raises:
        PolicyError: it was refused, or delivered.
    """
    if found.state is DisclosureState.REFUSED:
        check_building(found)
    if found.delivered_ms is not None:
        raise PolicyError(
            f"disclosure {found.number}",
            "was already delivered",
            "Enter a new request with the exemption",
            policy="exemption-exempting",
        )


def check_confirming(requested: Exemption, by: str) -> None:
    """Check that `by` may be the second person.

    Raises:
        PolicyError: `by` requested it, or it is confirmed already.
    """
    subject = f"exemption {requested.exemption_id}"
    if requested.confirmed_by:
        raise PolicyError(
            subject,
            f"was already confirmed by {requested.confirmed_by}",
            "Nothing is left to do",
            policy="exemption-confirming",
        )
    if same_person(requested.requested_by, by):
        raise PolicyError(
            subject,
            f"was requested by {requested.requested_by}",
            "Another person has to confirm it",
            policy="exemption-confirming",
        )


def check_shown(found: Disclosure, requested: Exemption, shown_to: str, by: str) -> None:
    """Check that the image by which `by` confirms an exemption was made by them, or by a person without a part in it.

    Args:
        found: the disclosure; requested: its exemption.
        shown_to: the person who had its newest image made; by: the second person.

    Raises:
        PolicyError: the person who requested it, or who built a file of the disclosure, had the image made.
    """
    if same_person(requested.requested_by, shown_to):
        problem = f"was shown only to {shown_to}, who requested it"
    elif not same_person(by, shown_to) and any(same_person(file.built_by, shown_to) for file in found.files):
        problem = f"was shown only to {shown_to}, who built a file of disclosure {found.number}"
    else:
        return
    show = f"viapublica release show-exemption {found.number} {requested.exemption_id} --by {shlex.quote(by)}"
    raise PolicyError(
        f"exemption {requested.exemption_id}",
        problem,
        f"Have an image made yourself, and open it: {show}, with --source FILE or --config FILE",
        policy="exemption-shown",
    )
