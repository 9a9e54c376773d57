"""A disclosure: one request for images by somebody outside, what was decided about it, and what left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pipeline.errors import ReleaseError

_NUMBER = re.compile(r"(?:n[º°o.]*\s*)?(\d{4})\s*[/_-]\s*(\d{1,6})", re.IGNORECASE | re.ASCII)

NUMBER_EXAMPLE: Final = "2026/000123"


class LegalBasis(StrEnum):
    """Why the recipient may have it (decree 18.743/2014 arts. 9 and 10)."""

    JUDICIARY = "judiciary"
    PUBLIC_MINISTRY = "public-ministry"
    POLICE = "police"
    AGREEMENT = "agreement"
    RESEARCH = "research"
    MEDIA = "media"


class ReleaseLook(StrEnum):
    """What may stand where somebody was. Mosaic and blur are made from what they hide, and attacks read them."""

    FILL = "fill"
    SILHOUETTE = "silhouette"


class DisclosureState(StrEnum):
    """How far a disclosure is: requested, then refused, or approved, built and perhaps delivered."""

    REQUESTED = "requested"
    REFUSED = "refused"
    APPROVED = "approved"
    BUILT = "built"
    DELIVERED = "delivered"


MAY_BE_BUILT: Final = frozenset({DisclosureState.APPROVED, DisclosureState.BUILT, DisclosureState.DELIVERED})
"""What was approved may be built, and built again."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is asked for: a camera and a time, or a file; of a file, camera and time may be told too.

    Attributes:
        camera_id: "" when a file is asked for whose camera is not known.
        begin_ms, end_ms: milliseconds since 1970 UTC, or both None.
        file_name, file_sha256: the original file, without its folder; both "" when a camera is asked for.
    """

    camera_id: str = ""
    begin_ms: int | None = None
    end_ms: int | None = None
    file_name: str = ""
    file_sha256: str = ""

    @property
    def is_file(self) -> bool:
        """A file is asked for, not a camera's recording."""
        return bool(self.file_name or self.file_sha256)


@dataclass(frozen=True, slots=True)
class MarkWords:
    """What is to be burnt in beside the number; empty parts are left out.

    Attributes:
        institution: who gives it away (decree 18.743/2014 art. 9 §5).
        place, date: as they may be told outside; may be coarse.
    """

    institution: str = ""
    place: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is entered when somebody asks.

    Attributes:
        requested_by: the person of ours who enters it.
        recipient: who asks and would get it.
        basis: see `LegalBasis`.
        purpose: what it is for, in words.
        content: what is asked for.
        recipient_document: CPF, CNPJ, number of a case or the like; "" when there is none.
        look: what is to stand where somebody was, such as ``fill``.
        mark: what is to be burnt in.
    """

    requested_by: str
    recipient: str
    basis: LegalBasis
    purpose: str
    content: Content
    recipient_document: str = ""
    look: str = "fill"
    mark: MarkWords = field(default_factory=MarkWords)


@dataclass(frozen=True, slots=True)
class Declaration:
    """The recipient's signed declaration (decree 18.743/2014 art. 10 §3).

    Attributes:
        name: the file's name when it came in; kept_as: its name in the register's folder ``declarations``.
        sha256: of the file, hexadecimal; size_bytes: its length.
        declared_by: the person of ours who entered it; declared_ms: when, milliseconds since 1970 UTC.
    """

    name: str
    kept_as: str
    sha256: str
    size_bytes: int
    declared_by: str
    declared_ms: int


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file that was made to be given away.

    Attributes:
        name: without its folder; sha256: hexadecimal, of the finished file; size_bytes: its length.
        verification: what the check of the finished file said, as JSON values.
        policy: the settings it was made with, as JSON values.
        built_by, built_ms: who made it and when (milliseconds since 1970 UTC); the register fills these in.
    """

    name: str
    sha256: str
    size_bytes: int
    verification: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    built_by: str = ""
    built_ms: int = 0


@dataclass(frozen=True, slots=True)
class Uncovering:
    """A region that is to stay visible although somebody was found there.

    Attributes:
        uncovering_id: counts from 1 over the whole register.
        region: where and when, as JSON values.
        reason: why.
        asked_by, asked_ms: who wants it, and since when (milliseconds since 1970 UTC).
        confirmed_by: another person; "" while nobody has confirmed it. confirmed_ms: when, or None.
    """

    uncovering_id: int
    region: Mapping[str, Any]
    reason: str
    asked_by: str
    asked_ms: int
    confirmed_by: str = ""
    confirmed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One entry of the register. Times are milliseconds since 1970 UTC.

    Attributes:
        number: such as ``2026/000123``, the one on the image.
        asked_ms: when it was entered.
        request: what was entered.
        state: see `DisclosureState`.
        declaration: of the recipient; None while there is none.
        decided_by, decided_ms, reasons: the decision; "", None and "" before it.
        delivered_by, delivered_ms: who handed it over and when; "" and None before.
        files: every file ever built for it, oldest first.
        uncoverings: every region that was asked to stay visible, confirmed or not.
    """

    number: str
    asked_ms: int
    request: Request
    state: DisclosureState = DisclosureState.REQUESTED
    declaration: Declaration | None = None
    decided_by: str = ""
    decided_ms: int | None = None
    reasons: str = ""
    delivered_by: str = ""
    delivered_ms: int | None = None
    files: tuple[BuiltFile, ...] = ()
    uncoverings: tuple[Uncovering, ...] = ()

    @property
    def times_ms(self) -> tuple[int, ...]:
        """When something happened to it that its month's sheet tells: asked, decided, built, delivered."""
        times = (self.asked_ms, self.decided_ms, *(file.built_ms for file in self.files), self.delivered_ms)
        return tuple(time for time in times if time is not None)


class Role(StrEnum):
    """What a file is to a disclosure."""

    BUILT = "built"
    SOURCE = "source"
    DECLARATION = "declaration"


@dataclass(frozen=True, slots=True)
class Match:
    """A disclosure that knows a file, and what the file is to it."""

    disclosure: Disclosure
    role: Role


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of the register.

    Attributes:
        seq: 1, 2, 3 …; at_ms: when, milliseconds since 1970 UTC.
        who: the person named; account: the operating system's user whose process wrote it.
        action: what was done, such as ``approve``; number: to which disclosure.
        details: what changed, and ``after``, a digest of the whole disclosure as it is since.
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
    """The number as the register writes it, from how people do: ``2026/123``, ``nº 2026/000123``, ``2026-000123``.

    Raises:
        ReleaseError: it is none.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ReleaseError(
            f"number {text!r}",
            "is not the number of a disclosure",
            f"Write it as on the image, such as {NUMBER_EXAMPLE}",
        )
    return number_of(int(match.group(1)), int(match.group(2)))
