"""Mapping between rows of the database and values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.disclosure import (
    BuiltFile,
    Content,
    Declaration,
    Disclosure,
    DisclosureState,
    Exemption,
    LegalBasis,
    Request,
)
from pipeline.domain.redaction import OverlayText
from pipeline.errors import ReleaseError
from pipeline.governance.tables import BuiltFileRow, DisclosureRow, ExemptionRow


def plain(value: Any) -> dict[str, Any]:
    """A value of `pipeline.domain.disclosure` as JSON values, without empty fields.

    So a digest stays the same when a later version adds a field.
    """
    values: dict[str, Any] = _without_empty(asdict(value))
    return values


def digest_of(disclosure: Disclosure) -> str:
    """SHA-256 over all fields of a disclosure."""
    return hashlib.sha256(canonical_json(plain(disclosure)).encode()).hexdigest()


def request_row(request: Request, number: str, year: int, running: int, now_ms: int) -> DisclosureRow:
    """A new row."""
    content, overlay = request.content, request.overlay
    return DisclosureRow(
        number=number,
        year=year,
        running=running,
        requested_ms=now_ms,
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
        style=request.style,
        institution=overlay.institution,
        place=overlay.place,
        date=overlay.date,
        state=DisclosureState.REQUESTED.value,
        decided_by="",
        reasons="",
        delivered_by="",
    )


def set_declaration(row: DisclosureRow, declaration: Declaration) -> None:
    """Enter the declaration."""
    row.declaration_name, row.declaration_stored_as = declaration.name, declaration.stored_as
    row.declaration_sha256, row.declaration_bytes = declaration.sha256, declaration.size_bytes
    row.declared_by, row.declared_ms = declaration.declared_by, declaration.declared_ms


def file_row(file: BuiltFile) -> BuiltFileRow:
    """A new row."""
    return BuiltFileRow(
        name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        built_by=file.built_by,
        built_ms=file.built_ms,
        verification=canonical_json(dict(file.verification)),
        policy=canonical_json(dict(file.policy)),
    )


def exemption_row(region: Mapping[str, Any], reason: str, by: str, now_ms: int) -> ExemptionRow:
    """A new row."""
    return ExemptionRow(
        region=canonical_json(dict(region)),
        reason=reason,
        requested_by=by,
        requested_ms=now_ms,
        confirmed_by="",
        confirmed_ms=None,
    )


def disclosure_of(row: DisclosureRow) -> Disclosure:
    """The value of a row, with its files and exemptions.

    Raises:
        ReleaseError: the database contains values that this program never writes.
    """
    try:
        return _disclosure(row)
    except (TypeError, ValueError) as error:
        raise ReleaseError(
            f"disclosure {row.number}",
            f"is damaged in the register ({error})",
            "Run viapublica release journal --check to see since when, and restore it from backup",
        ) from error


def _disclosure(row: DisclosureRow) -> Disclosure:
    return Disclosure(
        number=row.number,
        requested_ms=row.requested_ms,
        request=Request(
            requested_by=row.requested_by,
            recipient=row.recipient,
            basis=LegalBasis(row.basis),
            purpose=row.purpose,
            content=Content(row.camera_id, row.begin_ms, row.end_ms, row.source_name, row.source_sha256),
            recipient_document=row.recipient_document,
            style=row.style,
            overlay=OverlayText(row.institution, row.place, row.date),
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
        exemptions=tuple(
            Exemption(
                exemption_id=one.id,
                region=json.loads(one.region),
                reason=one.reason,
                requested_by=one.requested_by,
                requested_ms=one.requested_ms,
                confirmed_by=one.confirmed_by,
                confirmed_ms=one.confirmed_ms,
            )
            for one in row.exemptions
        ),
    )


def _declaration(row: DisclosureRow) -> Declaration | None:
    if row.declaration_sha256 is None:
        return None
    return Declaration(
        name=row.declaration_name or "",
        stored_as=row.declaration_stored_as or "",
        sha256=row.declaration_sha256,
        size_bytes=row.declaration_bytes or 0,
        declared_by=row.declared_by or "",
        declared_ms=row.declared_ms or 0,
    )


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        values = {str(key): _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in values.items() if item is not None and item not in ("", [], {})}
    if isinstance(value, list | tuple):
        return [_without_empty(item) for item in value]
    return value
