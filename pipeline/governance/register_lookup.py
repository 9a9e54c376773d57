"""Queries on the register: by number, by a file's hash, by state and month."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pipeline.domain.disclosure import Disclosure, DisclosureState, Match, Role, read_number
from pipeline.errors import ReleaseError
from pipeline.governance.tables import BuiltFileRow, DisclosureRow

_SHA256 = re.compile(r"[0-9a-f]{64}")


def checked_sha256(text: str) -> str:
    """A SHA-256 in lower-case hexadecimal.

    Raises:
        ReleaseError: it is not one.
    """
    digest = text.strip().lower()
    if not _SHA256.fullmatch(digest):
        raise ReleaseError(
            f"hash {text!r}", "is not a SHA-256", "Give 64 hexadecimal digits, as sha256sum FILE prints them"
        )
    return digest


def row_of(session: Session, number: str, subject: str) -> DisclosureRow:
    """The row of a number, in any form that `read_number` accepts.

    Args:
        session: of the database; number: as typed; subject: the register's name, for the error.

    Raises:
        ReleaseError: it is not a number, or unknown; similar numbers are suggested.
    """
    wanted = read_number(number)
    row = session.scalar(select(DisclosureRow).where(DisclosureRow.number == wanted))
    if row is not None:
        return row
    near = difflib.get_close_matches(wanted, session.scalars(select(DisclosureRow.number)), n=3, cutoff=0.8)
    raise ReleaseError(
        f"disclosure {wanted}",
        f"is not in the register {subject}",
        f"Did you mean {' or '.join(near)}?" if near else "See viapublica release list",
    )


def rows_with_hash(session: Session, digest: str) -> Iterable[DisclosureRow]:
    """Rows with a file, as built, as the original or as the declaration; by number."""
    return session.scalars(
        select(DisclosureRow)
        .where(
            or_(
                DisclosureRow.files.any(BuiltFileRow.sha256 == digest),
                DisclosureRow.source_sha256 == digest,
                DisclosureRow.declaration_sha256 == digest,
            )
        )
        .order_by(DisclosureRow.year, DisclosureRow.running)
    )


def rows_listed(
    session: Session, state: DisclosureState | None, span_ms: tuple[int, int] | None
) -> Iterable[DisclosureRow]:
    """Rows by number; of a state, and with an event in a span (first and last millisecond)."""
    wanted = select(DisclosureRow).order_by(DisclosureRow.year, DisclosureRow.running)
    if state is not None:
        wanted = wanted.where(DisclosureRow.state == state.value)
    if span_ms is not None:
        wanted = wanted.where(
            or_(
                DisclosureRow.requested_ms.between(*span_ms),
                DisclosureRow.decided_ms.between(*span_ms),
                DisclosureRow.delivered_ms.between(*span_ms),
                DisclosureRow.files.any(BuiltFileRow.built_ms.between(*span_ms)),
            )
        )
    return session.scalars(wanted)


def matches(found: Disclosure, digest: str) -> list[Match]:
    """The roles of a file in a disclosure."""
    declared = found.declaration.sha256 if found.declaration else ""
    roles = {
        Role.BUILT: any(file.sha256 == digest for file in found.files),
        Role.SOURCE: found.request.content.file_sha256 == digest,
        Role.DECLARATION: declared == digest,
    }
    return [Match(found, role) for role, is_it in roles.items() if is_it]
