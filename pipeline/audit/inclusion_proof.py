"""Proofs that one record stands in a log, for outsiders who see neither the log nor the auditor's key."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.audit.checkpoints import StoredCheckpoint, public_key
from pipeline.audit.log_records import leaves_after, records_after
from pipeline.audit.merkle_tree import inclusion_proof, root_of
from pipeline.errors import AuditError


def prove_record(folder: Path, sequence: int, stored: StoredCheckpoint) -> dict[str, Any]:
    """The proof of one record, as a JSON object.

    Args:
        folder: of the log.
        sequence: of the record.
        stored: a checkpoint that includes it.

    Raises:
        AuditError: there is no such record, or the log is not that of the checkpoint.
        OSError: a segment cannot be read.
    """
    size = stored.checkpoint.size
    record = next((found for found in records_after(folder, sequence - 1)), None) if sequence > 0 else None
    if record is None or record.line.sequence != sequence or sequence > size:
        raise AuditError(f"record {sequence}", "does not exist", f"The audit holds records 1 to {size}")
    leaves: Sequence[bytes] = list(leaves_after(folder, 0, size))
    if root_of(leaves) != stored.checkpoint.root:
        raise AuditError(
            f"audit {folder}", "is not that of its checkpoint: it was changed", "Run viapublica audit verify"
        )
    return {
        "record": record.place.content.decode(),
        "index": sequence - 1,
        "path": [base64.b64encode(node).decode() for node in inclusion_proof(leaves, sequence - 1)],
        "checkpoint": stored.note,
        "public_key": public_key(folder),
    }


def proof_text(proof: dict[str, Any]) -> str:
    """Content of the file of a proof."""
    return json.dumps(proof, ensure_ascii=False, indent=1) + "\n"
