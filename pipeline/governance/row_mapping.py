"""From rows of the database to values, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipeline.domain.disclosure import (
    BuiltFile,
    Content,
    Declaration,
    Disclosure,
    DisclosureState,
    LegalBasis,
    MarkWords,
    Request,
    Uncovering,
)
from pipeline.errors import ReleaseError
from pipeline.governance.tables import BuiltFileRow, DisclosureRow, UncoveringRow


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value. What is no UTF-8 stays escaped.

    Raises:
        ValueError: it holds a number that is none.
        TypeError: it holds something that JSON has no word for.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode()


def plain(value: Any) -> dict[str, Any]:
    """A value of `pipeline.domain.disclosure` as JSON values, without what is empty.

    So a digest stays the same when a later version knows one field more.
    """
    kept: dict[str, Any] = _without_empty(asdict(value))
    return kept


def digest_of(disclosure: Disclosure) -> str:
    """SHA-256 over all that the register knows of a disclosure."""
    return hashlib.sha256(canonical(plain(disclosure)).encode()).hexdigest()


def request_row(request: Request, number: str, year: int, running: int, now_ms: int) -> DisclosureRow:
    """A new row."""
    content, mark = request.content, request.mark
    return DisclosureRow(
        number=number,
        year=year,
        running=running,
        asked_ms=now_ms,
        requested_by=request.requested_by,
        recipient=request.recipient,
        recipient_document=request.recipient_document,
        basis=request.basis.value,
        purpose=request.purpose,
        camera_id=content.camera_id,
        begin_ms=content.begin_ms,
        end_ms=content.end_ms,
        source_name=content.file_name,
        source_sha256=content.file_sha256,
        look=request.look,
        institution=mark.institution,
        place=mark.place,
        date=mark.date,
        state=DisclosureState.REQUESTED.value,
        decided_by="",
        reasons="",
        delivered_by="",
    )


def set_declaration(row: DisclosureRow, kept: Declaration) -> None:
    """Enter the declaration."""
    row.declaration_name, row.declaration_kept_as = kept.name, kept.kept_as
    row.declaration_sha256, row.declaration_bytes = kept.sha256, kept.size_bytes
    row.declared_by, row.declared_ms = kept.declared_by, kept.declared_ms


def file_row(file: BuiltFile) -> BuiltFileRow:
    """A new row."""
    return BuiltFileRow(
        name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        built_by=file.built_by,
        built_ms=file.built_ms,
        verification=canonical(dict(file.verification)),
        policy=canonical(dict(file.policy)),
    )


def uncovering_row(region: Mapping[str, Any], reason: str, by: str, now_ms: int) -> UncoveringRow:
    """A new row."""
    return UncoveringRow(
        region=canonical(dict(region)), reason=reason, asked_by=by, asked_ms=now_ms, confirmed_by="", confirmed_ms=None
    )


def disclosure_of(row: DisclosureRow) -> Disclosure:
    """The value of a row, with its files and uncoverings.

    Raises:
        ReleaseError: somebody has put values into the database that this program never writes.
    """
    try:
        return _disclosure(row)
    except (TypeError, ValueError) as error:
        raise ReleaseError(
            f"disclosure {row.number}",
            f"is damaged in the register ({error})",
            "viapublica release journal --check says since when; bring back a backup",
        ) from error


def _disclosure(row: DisclosureRow) -> Disclosure:
    return Disclosure(
        number=row.number,
        asked_ms=row.asked_ms,
        request=Request(
            requested_by=row.requested_by,
            recipient=row.recipient,
            basis=LegalBasis(row.basis),
            purpose=row.purpose,
            content=Content(row.camera_id, row.begin_ms, row.end_ms, row.source_name, row.source_sha256),
            recipient_document=row.recipient_document,
            look=row.look,
            mark=MarkWords(row.institution, row.place, row.date),
        ),
        state=DisclosureState(row.state),
        declaration=_declaration(row),
        decided_by=row.decided_by,
        decided_ms=row.decided_ms,
        reasons=row.reasons,
        delivered_by=row.delivered_by,
        delivered_ms=row.delivered_ms,
        files=tuple(
            BuiltFile(
                name=file.name,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                verification=json.loads(file.verification),
                policy=json.loads(file.policy),
                built_by=file.built_by,
                built_ms=file.built_ms,
            )
            for file in row.files
        ),
        uncoverings=tuple(
            Uncovering(
                uncovering_id=one.id,
                region=json.loads(one.region),
                reason=one.reason,
                asked_by=one.asked_by,
                asked_ms=one.asked_ms,
                confirmed_by=one.confirmed_by,
                confirmed_ms=one.confirmed_ms,
            )
            for one in row.uncoverings
        ),
    )


def _declaration(row: DisclosureRow) -> Declaration | None:
    if row.declaration_sha256 is None:
        return None
    return Declaration(
        name=row.declaration_name or "",
        kept_as=row.declaration_kept_as or "",
        sha256=row.declaration_sha256,
        size_bytes=row.declaration_bytes or 0,
        declared_by=row.declared_by or "",
        declared_ms=row.declared_ms or 0,
    )


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {str(key): _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None and item not in ("", [], {})}
    if isinstance(value, list | tuple):
        return [_without_empty(item) for item in value]
    return value
