"""Registered cameras: owner, agreement, approved project, view, plate reading, masks, sanctions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.domain.camera import Scope
from pipeline.domain.camera_stop_rules import WHY_STOPPED, StopRule
from pipeline.domain.people import Validity

Mask = tuple[tuple[float, float], ...]
"""Polygon, 0 to 1 of the upright image."""


class OwnerKind(StrEnum):
    """Kind of a camera's owner (law 11.766/2022 art. 3)."""

    PUBLIC = "public"
    FIRM = "firm"
    RESIDENT = "resident"


REGISTRATION_ARTICLE: Final = "law 11.766/2022 art. 5"
"""By which cameras are registered."""
STOP_ARTICLES: Final = {
    StopRule.RESCINDED: "law 11.766/2022 art. 6",
    StopRule.SUSPENDED: "law 11.766/2022 art. 8 II",
    StopRule.AGREEMENT: "law 11.766/2022 art. 6",
    StopRule.PROJECT: "decree 18.743/2014 art. 20",
}
"""Articles behind the rules."""


class SanctionKind(StrEnum):
    """What ends or limits the cooperation on a camera."""

    WARNING = "warning"
    """Advertência (law 11.766/2022 art. 8 I); the stream goes on."""
    SUSPENSION = "suspension"
    """Suspensão temporária of up to two years (art. 8 II)."""
    RESCISSION = "rescission"
    """Rescisão, at any time (art. 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCamera:
    """A camera to register.

    Attributes:
        camera_id: as in configurations and events.
        institution, sector: ids of the body that it belongs to; of a partner's camera, the partner.
        owner_kind, owner: public body, firm or resident, and their name.
        agreement: number of the cooperation agreement; "" for a camera of the institution itself.
        agreement_validity: required with an agreement (law 11.766/2022 art. 6).
        project: number of the installation project (decree 18.743/2014 art. 20).
        location: place in words; latitude, longitude: degrees, WGS 84.
        direction: degrees clockwise from north; None if it turns or is not recorded.
        scope: what it faces.
        plates_by: instrument by which its plates may be read; "": they may not (law 11.766/2022 art. 9 §3).
        lent: whether the institution lent the equipment (comodato, art. 7).
    """

    camera_id: str
    institution: str
    sector: str
    owner_kind: OwnerKind
    owner: str
    scope: Scope
    location: str
    project: str = ""
    agreement: str = ""
    agreement_validity: Validity | None = None
    latitude: float | None = None
    longitude: float | None = None
    direction: int | None = None
    plates_by: str = ""
    lent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskVersion:
    """Privacy masks of a camera from a moment on; earlier versions stay.

    Attributes:
        version: from 1; masks: polygons.
        from_ms: when they were recorded; by: who did; reason: why.
    """

    version: int
    masks: tuple[Mask, ...]
    from_ms: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSanction:
    """A sanction to impose.

    Attributes:
        camera_id: the camera; kind: see `SanctionKind`.
        reason: of the decision.
        defence: number or summary of the partner's prior defence (law 11.766/2022 art. 8); a rescission needs none.
        infraction_ms: when the account of the use was rendered, from which five years count (art. 8 §1).
        inquiry_ms: of the act that opened the inquiry, which interrupts the limitation (art. 8 §2); None without.
        until_ms: end of a suspension; None for the others.
    """

    camera_id: str
    kind: SanctionKind
    reason: str
    defence: str = ""
    infraction_ms: int | None = None
    inquiry_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction(NewSanction):
    """An imposed sanction.

    Attributes:
        sanction_id: of the entry; by, from_ms: who imposed it, and when it began.
        lifted_ms: when it was lifted before its end; None while it was not.
    """

    sanction_id: int
    by: str
    from_ms: int
    lifted_ms: int | None = None

    def stops_stream(self, now_ms: int) -> bool:
        """Whether no stream of the camera may run at a moment."""
        if self.kind is SanctionKind.WARNING or self.lifted_ms is not None or now_ms < self.from_ms:
            return False
        return self.until_ms is None or now_ms < self.until_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedAccount:
    """An account that a partner rendered of the use of lent equipment (law 11.766/2022 art. 7).

    Attributes:
        camera_id: the camera; document: number of the account.
        rendered_ms: when it was rendered, from which five years count (art. 8 §1).
        period: of the use that it is about.
    """

    camera_id: str
    document: str
    rendered_ms: int
    period: Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredCamera(NewCamera):
    """A registered camera with its approval, masks, sanctions and accounts.

    Attributes:
        registered_ms, registered_by: of the entry.
        approved_ms, approved_by: of the installation project; None and "" while it is not approved.
        masks: all versions, oldest first; sanctions: all, oldest first.
        accounts: of the use of lent equipment, in the order of their dates.
    """

    registered_ms: int
    registered_by: str
    approved_ms: int | None = None
    approved_by: str = ""
    masks: tuple[MaskVersion, ...] = ()
    sanctions: tuple[Sanction, ...] = ()
    accounts: tuple[RenderedAccount, ...] = ()

    def stopped_by(self, now_ms: int) -> StopRule | None:
        """The rule by which its stream must not run at a moment; None when it may."""
        found = {one.kind for one in self.sanctions if one.stops_stream(now_ms)}
        if SanctionKind.RESCISSION in found:
            return StopRule.RESCINDED
        if found:
            return StopRule.SUSPENDED
        if self.agreement_validity is not None and not self.agreement_validity.includes(now_ms):
            return StopRule.AGREEMENT
        return StopRule.PROJECT if self.approved_ms is None else None

    def why_stopped(self, now_ms: int) -> str:
        """The reason for which its stream must not run at a moment, in one clause; "" when it may."""
        rule = self.stopped_by(now_ms)
        return "" if rule is None else f"{WHY_STOPPED[rule]} ({STOP_ARTICLES[rule]})"
