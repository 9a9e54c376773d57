"""Agreements on sharing between institutions (decree 18.743/2014 art. 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.domain.operation import Operation
from pipeline.domain.people import Validity
from pipeline.domain.purpose import Purpose

SHAREABLE: Final = frozenset(
    {
        Operation.MONITORING,
        Operation.RETRIEVAL,
        Operation.TREATMENT,
        Operation.PLATE_QUERY,
        Operation.JOURNEY_QUERY,
        Operation.PATTERN_QUERY,
        Operation.CONVOY_QUERY,
        Operation.CLONE_QUERY,
        Operation.BULK_QUERY,
        Operation.PLATE_LIST,
        Operation.ALERT_REVIEW,
        Operation.INCIDENT,
        Operation.COUNT_QUERY,
        Operation.EXPORT,
        Operation.HOLD,
    }
)
"""What an agreement may permit on the cameras of another body; a test compares it with the access policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAgreement:
    """An agreement to register.

    Attributes:
        number: of its instrument, such as ``Convênio 12/2026``.
        owner: body whose cameras are shared: ``ceic``, or a sector of it, ``ceic/central``.
        recipient: body that they are shared with, written alike.
        purposes: for which; operations: of `SHAREABLE`, what the recipient may do.
        validity: of the agreement.
    """

    number: str
    owner: str
    recipient: str
    purposes: frozenset[Purpose]
    operations: frozenset[Operation]
    validity: Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingAgreement(NewAgreement):
    """A registered agreement.

    Attributes:
        agreement_id: of its entry; registered_by, registered_ms: of the entry.
        ended_ms, ended_by: of its early end; None and "" without one.
    """

    agreement_id: int
    registered_by: str
    registered_ms: int
    ended_ms: int | None = None
    ended_by: str = ""

    @property
    def parties(self) -> frozenset[str]:
        """Ids of the two institutions."""
        return frozenset(body.partition("/")[0] for body in (self.owner, self.recipient))

    def is_in_force(self, now_ms: int) -> bool:
        """Whether it counts at a moment."""
        return self.ended_ms is None and self.validity.includes(now_ms)

    def permits(self, institution: str, sector: str, operation: Operation, purpose: Purpose) -> bool:
        """Whether it is about an operation on the cameras of a sector, for a purpose."""
        body, _, part = self.owner.partition("/")
        of_sector = institution == body and part in {"", sector}
        return of_sector and operation in self.operations and purpose in self.purposes
