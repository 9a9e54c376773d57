"""Holds: times of a camera that are preserved on request or in a crisis (decree 18.743/2014 art. 8 §1, §2, 9 §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.domain.legal_term import LegalTerm
from pipeline.domain.times import DAY_MS

EXPIRES_SOON_MS: Final = 3 * DAY_MS
"""Three days: time enough for its requester to have a hold renewed."""


class HoldBasis(LegalTerm):
    """At whose request a hold is placed."""

    CITIZEN = "citizen", "citizen", "cidadão", "decree 18.743/2014 art. 9 §1"
    POLICE = "police", "police", "autoridade policial", "decree 18.743/2014 art. 9"
    PUBLIC_MINISTRY = "public-ministry", "public ministry", "Ministério Público", "decree 18.743/2014 art. 9"
    JUDICIARY = "judiciary", "judiciary", "Poder Judiciário", "decree 18.743/2014 art. 9 §2"
    CRISIS = "crisis", "crisis", "situação de crise", "decree 18.743/2014 art. 8 §2"


@dataclass(frozen=True, slots=True)
class Hold:
    """A time range of one camera that neither retention nor erasure deletes: its video, previews and events.

    Attributes:
        hold_id: of the hold.
        camera_id: the camera.
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is not part of it.
        reason, by: why, and the person responsible.
        at_ms: when it was placed.
        basis: a value of `HoldBasis`; "" where none is stated.
        requester: the person or body that asked for it; document: its letter or order; both may be empty.
        expires_ms: when it ends by itself; None where it lasts until it is released.
    """

    hold_id: str
    camera_id: str
    begin_ms: int
    end_ms: int
    reason: str
    by: str
    at_ms: int
    basis: str = ""
    requester: str = ""
    document: str = ""
    expires_ms: int | None = None

    def overlaps(self, camera_id: str, begin_ms: int, end_ms: int) -> bool:
        """Whether any of that time range is held."""
        return camera_id == self.camera_id and begin_ms < self.end_ms and end_ms > self.begin_ms

    def preserves(self, camera_id: str, begin_ms: int, end_ms: int) -> bool:
        """Whether it preserves a file of that time; a file without length has its first moment."""
        return self.overlaps(camera_id, begin_ms, max(end_ms, begin_ms + 1))

    def has_expired(self, now_ms: int) -> bool:
        """Whether it has ended by itself."""
        return self.expires_ms is not None and now_ms >= self.expires_ms

    def expires_soon(self, now_ms: int) -> bool:
        """Whether it is about to end by itself."""
        return self.expires_ms is not None and now_ms < self.expires_ms <= now_ms + EXPIRES_SOON_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldGrounds:
    """At whose request a hold is placed, and until when; see `Hold`."""

    basis: HoldBasis | None = None
    requester: str = ""
    document: str = ""
    expires_ms: int | None = None
