"""Requests of the persons concerned for erasure of, or access to, their data (decree art. 19, LGPD art. 18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.domain.legal_term import LegalTerm

SUBJECT_REQUEST_EXAMPLE: Final = "T2026/000001"


class RequestKind(LegalTerm):
    """What a person requests."""

    ERASURE = "erasure", "erasure", "eliminação de dados", "decree 18.743/2014 art. 19"
    ACCESS = "access", "access to their data", "acesso aos dados", "LGPD art. 18 II"


class IdentityCheck(LegalTerm):
    """What was checked to know that the data are those of the person; no copy of it is stored."""

    DOCUMENT = "document", "official document, in person", "documento oficial, presencialmente", "LGPD art. 18 §3"
    SIGNATURE = "signature", "qualified or advanced electronic signature", "assinatura eletrônica", "LGPD art. 18 §3"
    VEHICLE = "vehicle", "registration of the vehicle", "certificado de registro do veículo", "LGPD art. 18 §3"
    POWER_OF_ATTORNEY = "power-of-attorney", "power of attorney", "procuração", "LGPD art. 18 §3"


class RequestDecision(LegalTerm):
    """What is decided."""

    GRANTED = "granted", "granted", "deferido", "decree 18.743/2014 art. 19 §2"
    GRANTED_IN_PART = "granted-in-part", "granted in part", "deferido em parte", "decree 18.743/2014 art. 19 §2, §3"
    REFUSED = "refused", "refused", "indeferido", "decree 18.743/2014 art. 19 §3"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRequest:
    """A request as it was received (decree art. 19 §1). It holds no plate.

    Attributes:
        kind: what is requested.
        person: name of the person concerned; contact: where the answer goes.
        identity: what was checked.
        place, characteristics: in the person's words; place may be empty where cameras are named.
        camera_ids: cameras there; empty where they are not known.
        begin_ms, end_ms: milliseconds since 1970 UTC, the end not part of it.
        fingerprint: keyed hash of the plate; "" where none is concerned.
        by: the person who receives it.
    """

    kind: RequestKind
    person: str
    contact: str
    identity: tuple[IdentityCheck, ...]
    begin_ms: int
    end_ms: int
    by: str
    place: str = ""
    characteristics: str = ""
    camera_ids: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRequestRecord:
    """A request in the register.

    Attributes:
        number: such as ``T2026/000001``.
        request: as received.
        received_ms: when; due_ms: the end of the deadline.
        decision: None before; reasons: of it; decided_by, decided_ms: the person and the time.
        erasure: number of the erasure that was made for it, such as ``E2026/000001``; "" without one.
    """

    number: str
    request: SubjectRequest
    received_ms: int
    due_ms: int
    decision: RequestDecision | None = None
    reasons: str = ""
    decided_by: str = ""
    decided_ms: int | None = None
    erasure: str = ""

    def is_overdue(self, now_ms: int) -> bool:
        """Whether the deadline is over without a decision."""
        return self.decision is None and now_ms >= self.due_ms


def subject_request_number(year: int, running: int) -> str:
    """``T2026/000001``."""
    return f"T{year:04d}/{running:06d}"
