"""Permission of a configured camera to run, by its entry in the registry of cameras.

Law 11.766/2022 art. 5 to 9, decree 18.743/2014 art. 13 and 20.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.domain.camera import Scope
from pipeline.domain.camera_registration import REGISTRATION_ARTICLE, STOP_ARTICLES, Mask, RegisteredCamera
from pipeline.domain.camera_stop_rules import WHY_STOPPED, StopRule

UNREGISTERED: Final = "camera-not-registered"
DIFFERS: Final = "camera-differs-from-registry"
REGISTRY_AWAY: Final = "registry-unavailable"
_FIXES: Final = {
    StopRule.RESCINDED: "Take it out of the configuration",
    StopRule.SUSPENDED: "An administrator lifts it: viapublica camera resume {camera}",
    StopRule.AGREEMENT: "Renew it: viapublica camera amend {camera} --agreement NUMBER --until DATE",
    StopRule.PROJECT: "Another administrator approves it: viapublica camera approve {camera}",
}


@dataclass(frozen=True, slots=True)
class NotPermitted:
    """Why a camera may not run.

    Attributes:
        rule: its identifier, for the audit.
        reason: in one clause, of the words in `pipeline.policy.detail_words`.
        fix: what helps; law: article behind the rule, "" without one.
    """

    rule: str
    reason: str
    fix: str
    law: str = ""

    @property
    def with_article(self) -> str:
        """The reason, with its article."""
        return f"{self.reason} ({self.law})" if self.law else self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredUse:
    """What a configuration declares about a camera, as far as the registry states it too.

    Attributes:
        camera_id, scope, masks: as declared.
        plates: whether its plates are read.
        owner: as declared; "" where the configuration does not name it.
        retained_days: for which its personal data is stored at most, its video included; None without limit.
    """

    camera_id: str
    scope: Scope
    masks: tuple[Mask, ...] = ()
    plates: bool = False
    owner: str = ""
    retained_days: int | None = 0


def why_not_permitted(
    declared: DeclaredUse, registered: RegisteredCamera | None, now_ms: int, sector_days: int | None = None
) -> NotPermitted | None:
    """Why a camera may not run at a moment; None when it may.

    Args:
        declared: in the configuration; registered: its entry, None without one.
        now_ms: milliseconds since 1970 UTC.
        sector_days: for which its sector retains personal data, decree 18.743/2014 art. 8; None where none is known.
    """
    camera = declared.camera_id
    if registered is None:
        fix = "Register it, and have it approved: see viapublica camera register"
        return NotPermitted(UNREGISTERED, "it is not in the registry of cameras", fix, REGISTRATION_ARTICLE)
    if rule := registered.stopped_by(now_ms):
        return NotPermitted(rule.value, WHY_STOPPED[rule], _FIXES[rule].format(camera=camera), STOP_ARTICLES[rule])
    if differences := list(_differences(declared, registered, sector_days)):
        reason = f"its declaration differs from the registry of cameras: {' and '.join(differences)}"
        return NotPermitted(DIFFERS, reason, "Declare it as it is registered, or correct the registry")
    return None


def _differences(declared: DeclaredUse, registered: RegisteredCamera, sector_days: int | None) -> Iterator[str]:
    if declared.scope is not registered.scope:
        yield f"scope {declared.scope.value} is registered as {registered.scope.value}"
    if declared.plates and not registered.plates_by:
        yield "its plates are read, and no instrument allows it"
    newest = registered.masks[-1] if registered.masks else None
    missing = set(newest.masks) - set(declared.masks) if newest is not None else set()
    if newest is not None and missing:
        yield f"it lacks {len(missing)} of {len(newest.masks)} privacy masks of version {newest.version}"
    if declared.owner and _name(declared.owner) != _name(registered.owner):
        yield "it has another owner"
    if sector_days is not None and (declared.retained_days is None or declared.retained_days > sector_days):
        days = "no limit" if declared.retained_days is None else f"{declared.retained_days} days"
        yield f"personal data has a retention of {days}; its sector allows {sector_days} days"


def _name(owner: str) -> str:
    return " ".join(owner.split()).casefold()
