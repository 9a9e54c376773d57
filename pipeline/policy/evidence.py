"""Rules of evidence: original video, only for authorities that requisition it (decree 18.743/2014 art. 9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Final

from pipeline.domain.disclosure import EVIDENCE, Disclosure, Request
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time
from pipeline.errors import PolicyError

_SHOWN: Final = 5
"""Spans that an error names."""
_CERTIFICATE = re.compile(r" · certificate SHA-256 ([0-9a-f]{64})")


def evidence_request(request: Request, fingerprint: str) -> Request:
    """The request as one of evidence, sealed for a certificate; what the second person approves includes both.

    Args:
        request: as it was entered.
        fingerprint: SHA-256 of the recipient's certificate.
    """
    document = request.recipient_document.strip()
    return replace(
        request,
        style=EVIDENCE,
        recipient_document=f"{document} · certificate SHA-256 {fingerprint}" if document else "",
    )


def requisition_number(document: str) -> str:
    """The recipient's document of a request, without the certificate that `evidence_request` adds."""
    return _CERTIFICATE.sub("", document)


def check_evidence_request(request: Request) -> None:
    """Check that evidence may be requested.

    Raises:
        PolicyError: the legal basis is another one, the requisition's number is missing, or a file is requested.
    """
    if not request.basis.requisitions:
        raise PolicyError(
            f"basis {request.basis.value}",
            "receives redacted video only: original video is for requisitions of police, public ministry and judiciary "
            "(decree 18.743/2014 art. 9)",
            "Omit --evidence",
            policy="evidence-request",
        )
    if not _CERTIFICATE.search(request.recipient_document):
        raise PolicyError(
            "evidence",
            "needs the number of the requisition and the recipient's certificate",
            "Give --document and --recipient-certificate",
            policy="evidence-request",
        )
    if request.content.is_file:
        raise PolicyError(
            "evidence",
            "is cut from a camera's recording, whose origin is known",
            "Give --camera with --from and --to",
            policy="evidence-request",
        )


def check_building_evidence(found: Disclosure, fingerprint: str) -> None:
    """Check that a disclosure was approved as evidence, for this certificate.

    Raises:
        PolicyError: it was not.
    """
    subject = f"disclosure {found.number}"
    if found.request.style != EVIDENCE:
        raise PolicyError(
            subject,
            "was not requested and approved as evidence",
            "Omit --evidence, or enter a new request with it",
            policy="evidence-building",
        )
    check_evidence_request(found.request)
    approved = _CERTIFICATE.search(found.request.recipient_document)
    if approved is None or approved[1] != fingerprint:
        raise PolicyError(
            subject,
            "was approved for another certificate of the recipient",
            "Give the certificate of the request, or enter a new request",
            policy="evidence-building",
        )


def check_masks_filled(camera_id: str, unmasked: Sequence[tuple[int, int]], files: int) -> None:
    """Check that recorded packets show nothing that privacy masks hide (decree 18.743/2014 art. 13).

    Args:
        camera_id: the camera.
        unmasked: spans of recorded files in which a mask of today or of their time is not filled, milliseconds since
            1970 UTC.
        files: number of these files.

    Raises:
        PolicyError: there is one: filling it now would be encoding anew.
    """
    if not unmasked:
        return
    shown = [f"{format_time(begin_ms, UTC)} to {format_time(end_ms, UTC)}" for begin_ms, end_ms in unmasked[:_SHOWN]]
    more = f" and {len(unmasked) - _SHOWN} more" if len(unmasked) > _SHOWN else ""
    raise PolicyError(
        f"camera {camera_id}",
        f"has {counted(files, 'recorded file')} in that span that {'shows' if files == 1 else 'show'} what its privacy "
        f"masks hide (decree 18.743/2014 art. 13): {', '.join(shown)}{more}",
        "Request a span without them, or a redacted release, in which the masks are filled; "
        f"`viapublica camera segments --camera {camera_id}` lists all such video and how to delete it",
        policy="evidence-masks-filled",
    )
