"""Disclosures: requests for images by outside recipients, the decisions, the released files, and the journal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pipeline.domain.purpose import Purpose
from pipeline.domain.redaction import OverlayText
from pipeline.errors import ReleaseError

_NUMBER = re.compile(r"(?:n[º°o.]*\s*)?(\d{4})\s*[/_-]\s*(\d{1,6})", re.IGNORECASE | re.ASCII)

NUMBER_EXAMPLE: Final = "2026/000123"


class LegalBasis(StrEnum):
    """Legal basis of a disclosure (decree 18.743/2014 arts. 9 and 10)."""

    JUDICIARY = "judiciary"
    PUBLIC_MINISTRY = "public-ministry"
    POLICE = "police"
    AGREEMENT = "agreement"
    RESEARCH = "research"
    MEDIA = "media"

    @property
    def requisitions(self) -> bool:
        """Whether it is an authority, which receives images by its requisition (decree 18.743/2014 art. 9, §2)."""
        return self in {LegalBasis.JUDICIARY, LegalBasis.PUBLIC_MINISTRY, LegalBasis.POLICE}

    @property
    def purpose(self) -> Purpose:
        """The purpose of the law's list that it serves."""
        if self.requisitions:
            return Purpose.REQUISITION
        return Purpose.RESEARCH if self is LegalBasis.RESEARCH else Purpose.PUBLIC_INTEREST

    @property
    def document(self) -> str:
        """The document of the recipient that an approval requires: an authority's requisition, else a declaration."""
        return "requisition" if self.requisitions else "signed declaration"


class ReleaseStyle(StrEnum):
    """Redaction styles that a release may have: those from which attacks cannot recover anything."""

    FILL = "fill"
    SILHOUETTE = "silhouette"


EVIDENCE: Final = "evidence"
"""In place of a style: original video, sealed for an authority that requisitioned it (decree 18.743/2014 art. 9)."""


class DisclosureState(StrEnum):
    """State of a disclosure: requested, then refused, or approved, built and perhaps delivered."""

    REQUESTED = "requested"
    REFUSED = "refused"
    APPROVED = "approved"
    BUILT = "built"
    DELIVERED = "delivered"


MAY_BE_BUILT: Final = frozenset({DisclosureState.APPROVED, DisclosureState.BUILT, DisclosureState.DELIVERED})
"""An approved disclosure may be built, and built again."""


@dataclass(frozen=True, slots=True)
class Content:
    """The requested video: a camera and a span, or a file; a file may name its camera too.

    Attributes:
        camera_id: "" for a file whose camera is not known.
        begin_ms, end_ms: milliseconds since 1970 UTC, or both None.
        file_name, file_sha256: the original file, without its folder; both "" for a camera.
    """

    camera_id: str = ""
    begin_ms: int | None = None
    end_ms: int | None = None
    file_name: str = ""
    file_sha256: str = ""

    @property
    def is_file(self) -> bool:
        """Whether a file is requested, not a camera's recording."""
        return bool(self.file_name or self.file_sha256)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is entered.

    Attributes:
        requested_by: the person of the institution who enters it.
        recipient: the person or body that receives the images.
        basis: see `LegalBasis`.
        purpose: in words.
        content: the requested video.
        recipient_document: CPF, CNPJ or case number; "" without one.
        style: see `ReleaseStyle`; or `EVIDENCE`.
        overlay: its text, without the number.
    """

    requested_by: str
    recipient: str
    basis: LegalBasis
    purpose: str
    content: Content
    recipient_document: str = ""
    style: str = "fill"
    overlay: OverlayText = field(default_factory=OverlayText)


@dataclass(frozen=True, slots=True)
class Declaration:
    """The recipient's signed declaration (decree 18.743/2014 art. 10 §3); of an authority, its requisition (art. 9).

    Attributes:
        name: original name of the file; stored_as: its name in the register's folder ``declarations``.
        sha256: of the file, hexadecimal; size_bytes: its length.
        declared_by: the person of the institution who entered it; declared_ms: when, milliseconds since 1970 UTC.
    """

    name: str
    stored_as: str
    sha256: str
    size_bytes: int
    declared_by: str
    declared_ms: int


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file that was built for release.

    Attributes:
        name: without its folder; sha256: hexadecimal, of the finished file; size_bytes: its length.
        verification: result of verifying the finished file, as JSON values.
        policy: the settings of its redaction, as JSON values.
        built_by, built_ms: person and time (milliseconds since 1970 UTC); the register fills these in.
    """

    name: str
    sha256: str
    size_bytes: int
    verification: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    built_by: str = ""
    built_ms: int = 0


@dataclass(frozen=True, slots=True)
class Exemption:
    """A region whose objects are not redacted, such as a statue.

    Attributes:
        exemption_id: counts from 1 over the whole register.
        region: box and span, as JSON values.
        reason: why.
        requested_by, requested_ms: person and time (milliseconds since 1970 UTC).
        confirmed_by: another person; "" before the confirmation. confirmed_ms: its time, or None.
    """

    exemption_id: int
    region: Mapping[str, Any]
    reason: str
    requested_by: str
    requested_ms: int
    confirmed_by: str = ""
    confirmed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One entry of the register. Times are milliseconds since 1970 UTC.

    Attributes:
        number: such as ``2026/000123``, shown in the overlay.
        requested_ms: when it was entered.
        request: as entered.
        state: see `DisclosureState`.
        declaration: of the recipient; None while there is none.
        decided_by, decided_ms, reasons: the decision; "", None and "" before it.
        delivered_by, delivered_ms: of the hand-over; "" and None before.
        files: every file ever built for it, oldest first.
        exemptions: every requested exemption, confirmed or not.
    """

    number: str
    requested_ms: int
    request: Request
    state: DisclosureState = DisclosureState.REQUESTED
    declaration: Declaration | None = None
    decided_by: str = ""
    decided_ms: int | None = None
    reasons: str = ""
    delivered_by: str = ""
    delivered_ms: int | None = None
    files: tuple[BuiltFile, ...] = ()
    exemptions: tuple[Exemption, ...] = ()

    @property
    def times_ms(self) -> tuple[int, ...]:
        """Times of the events that a monthly sheet lists: requested, decided, built, delivered."""
        times = (self.requested_ms, self.decided_ms, *(file.built_ms for file in self.files), self.delivered_ms)
        return tuple(time for time in times if time is not None)


class Role(StrEnum):
    """Role of a file in a disclosure."""

    BUILT = "built"
    SOURCE = "source"
    DECLARATION = "declaration"


@dataclass(frozen=True, slots=True)
class Match:
    """A disclosure with a file, and the file's role in it."""

    disclosure: Disclosure
    role: Role


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of the register.

    Attributes:
        seq: 1, 2, 3 …; at_ms: when, milliseconds since 1970 UTC.
        who: the named person; account: the operating system's user whose process wrote it.
        action: such as ``approve``; number: of the disclosure.
        details: the change, and ``after``, a digest of the whole disclosure after it.
        previous: hash of the entry before ("" for the first); hash: of this one.
    """

    seq: int
    at_ms: int
    who: str
    account: str
    action: str
    number: str
    details: Mapping[str, Any]
    previous: str
    hash: str


def number_of(year: int, running: int) -> str:
    """``2026/000123``."""
    return f"{year:04d}/{running:06d}"


def read_number(text: str) -> str:
    """The number in the register's form, from ``2026/123``, ``nº 2026/000123`` or ``2026-000123``.

    Raises:
        ReleaseError: it is not a number.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ReleaseError(
            f"number {text!r}",
            "is not the number of a disclosure",
            f"Write it as on the image, such as {NUMBER_EXAMPLE}",
        )
    return number_of(int(match.group(1)), int(match.group(2)))
