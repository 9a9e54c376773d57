"""Anchors: checkpoints in a file that the auditor keeps away from the machine, each proven to extend the one before."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from pipeline.audit.checkpoints import Checkpoint, StoredCheckpoint, public_key
from pipeline.audit.log_records import leaves_after
from pipeline.audit.merkle_tree import consistency_proof, is_consistent, root_of
from pipeline.audit.signed_note import opened
from pipeline.domain.times import format_utc
from pipeline.errors import AuditError
from pipeline.storage.json_lines import append_line

_ASK: Final = "Compare the file with the auditor's other copies"


class _Entry(msgspec.Struct, frozen=True):
    anchored: str
    verifier: str
    checkpoint: str
    consistency: tuple[str, ...] = ()


class Anchor(NamedTuple):
    """An anchored checkpoint.

    Attributes:
        anchored: when, ISO 8601 in UTC.
        verifier: public key of the log, as text.
        checkpoint: what was anchored.
    """

    anchored: str
    verifier: str
    checkpoint: Checkpoint


def read_anchors(path: Path) -> list[Anchor]:
    """The anchors of a file, oldest first, each checked against the one before; none where there is no file.

    Raises:
        AuditError: a line was changed, is of another log, or does not extend the one before.
        OSError: it cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    anchors: list[Anchor] = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = msgspec.json.decode(line, type=_Entry)
            verifier = anchors[0].verifier if anchors else entry.verifier
            checkpoint = Checkpoint.parse(opened(entry.checkpoint, verifier))
            proof = [base64.b64decode(one, validate=True) for one in entry.consistency]
        except (msgspec.MsgspecError, ValueError, AuditError) as error:
            raise AuditError(
                f"anchor {path}, line {number}", f"was changed, or is of another audit ({error})", _ASK
            ) from error
        if anchors and not _extends(anchors[-1].checkpoint, checkpoint, proof):
            raise AuditError(f"anchor {path}, line {number}", "does not extend the anchor before it", _ASK)
        anchors.append(Anchor(entry.anchored, verifier, checkpoint))
    return anchors


def add_anchor(path: Path, folder: Path, stored: StoredCheckpoint, now_ms: int) -> Anchor:
    """Append a checkpoint to the auditor's file, after a proof that the log extends what was anchored before.

    Args:
        path: the auditor's file; created when needed.
        folder: of the log.
        stored: the checkpoint.
        now_ms: milliseconds since 1970 UTC.

    Raises:
        AuditError: the log does not extend its last anchor: it was changed; nothing is appended.
        OSError: the file cannot be read or written.
    """
    anchors, checkpoint = read_anchors(path), stored.checkpoint
    verifier = public_key(folder)
    proof: list[bytes] = []
    if anchors:
        last = anchors[-1].checkpoint
        if (verifier, checkpoint.origin) != (anchors[0].verifier, last.origin):
            raise AuditError(f"anchor {path}", f"is of another audit, {last.origin}", "Name another file")
        leaves = list(leaves_after(folder, 0, checkpoint.size))
        if len(leaves) < last.size or root_of(leaves[: last.size]) != last.root:
            raise AuditError(
                f"audit {folder}",
                f"is not the one anchored on {anchors[-1].anchored}: one of its first {last.size} records was changed",
                "Run viapublica audit verify with --anchor and --key, which name the place",
            )
        proof = consistency_proof(leaves, last.size)
        if not _extends(last, checkpoint, proof):
            raise AuditError(f"audit {folder}", "has a checkpoint that its records do not have", "Run audit verify")
    anchored = format_utc(now_ms)
    entry = _Entry(anchored, verifier, stored.note, tuple(base64.b64encode(one).decode() for one in proof))
    append_line(path, msgspec.json.encode(entry))
    return Anchor(anchored, verifier, checkpoint)


def _extends(former: Checkpoint, later: Checkpoint, proof: Sequence[bytes]) -> bool:
    same = former.origin == later.origin
    return same and is_consistent(former.size, former.root, later.size, later.root, proof)
