"""Time stamps of checkpoints by an authority (RFC 3161): a third party states when a checkpoint existed."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.audit.checkpoints import note_paths
from pipeline.domain.extras import missing_package
from pipeline.domain.times import format_utc
from pipeline.errors import AuditError
from pipeline.storage.atomic import write_atomically

try:
    import rfc3161_client as rfc3161
    from cryptography import x509
except ImportError as error:
    raise missing_package("rfc3161_client", f"cannot be imported: {error}") from error

_TIMEOUT_S: Final = 15
_MOST_BYTES: Final = 1 << 20
_QUERY: Final = {"Content-Type": "application/timestamp-query"}


class TimeStamp(NamedTuple):
    """A checked time stamp.

    Attributes:
        checkpoint: name of the checkpoint's file.
        time: that the authority states, ISO 8601 in UTC.
    """

    checkpoint: str
    time: str


def waiting_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints that have no time stamp yet, oldest first."""
    return [path for path in note_paths(folder) if not token_path(path).exists()]


def token_path(note: Path) -> Path:
    """The file of the time stamp of a checkpoint."""
    return note.with_suffix(".tsr")


def request_time_stamps(folder: Path, authority: str) -> int:
    """Have all waiting checkpoints stamped.

    Args:
        folder: of the log.
        authority: http:// or https:// address.

    Returns:
        How many were stamped.

    Raises:
        AuditError: the authority cannot be reached or refuses; those left wait for the next time.
        OSError: the disk does not take it.
    """
    waiting = waiting_checkpoints(folder)
    for done, path in enumerate(waiting):
        query = rfc3161.TimestampRequestBuilder().data(path.read_bytes()).build()
        answer = _asked(authority, query.as_bytes(), len(waiting) - done)
        try:
            response = rfc3161.decode_timestamp_response(answer)
            same = response.tst_info.message_imprint.message == query.message_imprint.message
            granted = response.status == 0 and same and response.tst_info.nonce == query.nonce
        except ValueError:
            granted = False
        if not granted:
            raise AuditError(f"time-stamp authority {authority}", "refused", "Ask the authority, then anchor again")
        write_atomically(token_path(path), answer)
    return len(waiting)


def check_time_stamps(folder: Path, authority_pem: bytes) -> list[TimeStamp]:
    """Check the time stamps of all checkpoints that have one.

    Args:
        folder: of the log.
        authority_pem: certificates of the authority, the root first.

    Raises:
        AuditError: a time stamp is not of this authority, or of another checkpoint.
        OSError: a file cannot be read.
    """
    try:
        builder = rfc3161.VerifierBuilder()
        for certificate in x509.load_pem_x509_certificates(authority_pem):
            builder = builder.add_root_certificate(certificate)
    except ValueError as error:
        raise AuditError("time-stamp authority", "is no certificate in PEM form", "Name its PEM file") from error
    found = []
    for note in note_paths(folder):
        path = token_path(note)
        if path.exists():
            try:
                response = rfc3161.decode_timestamp_response(path.read_bytes())
                builder.build().verify_message(response, note.read_bytes())
            except (ValueError, rfc3161.VerificationError) as error:
                raise AuditError(
                    f"time stamp {path}", f"is not of this checkpoint and authority ({error})", "Restore the file"
                ) from error
            found.append(TimeStamp(note.name, format_utc(round(response.tst_info.gen_time.timestamp() * 1000))))
    return found


def _asked(authority: str, query: bytes, waiting: int) -> bytes:
    request = urllib.request.Request(authority, query, _QUERY)  # noqa: S310 the settings allow http and https only
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 as above
            content: bytes = answer.read(_MOST_BYTES)
            return content
    except (urllib.error.URLError, OSError) as error:
        raise AuditError(
            f"time-stamp authority {authority}",
            f"cannot be reached ({getattr(error, 'reason', error)}); {waiting} checkpoints wait",
            "Anchor again when there is a network",
        ) from error
