"""Rule of erasures that meet a hold: a reasoned decision of a second person (decree 18.743/2014 art. 8 §1, 19)."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.domain.erasure import HoldOverride
from pipeline.domain.hold import Hold
from pipeline.errors import PolicyError
from pipeline.policy.disclosure import checked_person
from pipeline.policy.person_names import same_person
from pipeline.policy.sensitive.screen import TextKind, TextScreen

_RULE = "hold-override"


def check_override(override: HoldOverride, erased_by: str, holds: Collection[Hold], screen: TextScreen) -> None:
    """Make sure that an erasure may reach what holds preserve.

    Args:
        override: the decision; erased_by: the person who erases.
        holds: in force; screen: of free texts.

    Raises:
        PolicyError: a hold is not in force, the reason is missing or says something sensitive about people, or the
            person who decides erases as well.
    """
    in_force = {hold.hold_id for hold in holds}
    for hold_id in override.hold_ids:
        if hold_id not in in_force:
            raise PolicyError(f"hold {hold_id!r}", "is not in force", "See viapublica camera holds", policy=_RULE)
    if not override.reason.strip():
        raise PolicyError("decision on the hold", "has no reason", "State it: --override-reason TEXT", policy=_RULE)
    screen.check("reason of the decision on the hold", override.reason, TextKind.REASON)
    by = checked_person("person who decides on the hold", override.by)
    if same_person(by, erased_by):
        raise PolicyError(
            "decision on the hold",
            f"is of {by}, who erases as well",
            "A second person decides: --override-by NAME",
            policy=_RULE,
        )
