#!/usr/bin/env python3
"""Verifier of proofs of the audit for outsiders, without viapublica: one file, one dependency (cryptography).

    pip install cryptography
    python verify_audit_proof.py proof.json --public-key "viapublica-audit-…"

A proof shows that one record stands in the audit with that public key, without showing the audit. Exit status 0 if it
does, 1 if not, 2 if the file cannot be read. Whether the record is true, no proof can say.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

END = re.compile(rb',"seal":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"}')


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def decoded(line: bytes) -> dict | None:
    """Fields of a record; None for one that was changed."""
    end = END.fullmatch(line, max(0, len(line) - 149))
    if end is None or sha256(line[:-75]).hex().encode() != end[2]:
        return None
    return json.loads(line)


def opened(note: str, verifier: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed; ValueError or InvalidSignature for any other text."""
    name, key_hash, encoded = verifier.split("+", 2)
    public, (text, tail) = b64decode(encoded), note.rsplit(f"\n\n\u2014 {name} ", 1)
    named, signature = sha256(name.encode() + b"\n" + public)[:4], b64decode(tail)[4:]
    if (named.hex(), b64encode(named + signature).decode() + "\n") != (key_hash, tail):
        raise ValueError("no signature of this key")
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature, text.encode() + b"\n")
    return int(text.split("\n")[1]), b64decode(text.split("\n")[2])


def root_of(node: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that a leaf and its inclusion proof (RFC 6962 section 2.1.1) lead to."""
    if size <= 1:
        return b"" if path or index else node
    split = 1 << ((size - 1).bit_length() - 1)
    *below, sibling = path
    if index < split:
        return sha256(b"\1" + root_of(node, index, split, below) + sibling)
    return sha256(b"\1" + sibling + root_of(node, index - split, size - split, below))


def check_proof(path: Path, verifier: str) -> str:
    """What is wrong with a proof; "" where it holds."""
    proof = json.loads(path.read_text("utf-8"))
    content, index = proof["record"].encode(), proof["index"]
    record = decoded(content)
    try:
        size, root = opened(proof["checkpoint"], verifier)
        found = root_of(sha256(b"\0" + content), index, size, [b64decode(one) for one in proof["path"]])
    except (ValueError, InvalidSignature):
        return "its checkpoint is not signed by this key, or was changed"
    if record is None or found != root or record["sequence"] != index + 1:
        return "its record is not the one in the audit"
    print(json.dumps(record, ensure_ascii=False, indent=2))
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify the proof of one record.")
    parser.add_argument("file", type=Path, help="the proof")
    parser.add_argument("--public-key", required=True, help="of the audit, from a source that you trust")
    asked = parser.parse_args()
    try:
        problem = check_proof(asked.file, asked.public_key.strip())
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"{asked.file} cannot be checked: {error!r}", file=sys.stderr)
        return 2
    print(problem or "the record stands in the audit")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
