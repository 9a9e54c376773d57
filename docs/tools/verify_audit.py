#!/usr/bin/env python3
"""Verifier of the audit for outsiders, without viapublica: one file, one dependency (pip install cryptography).

    python verify_audit.py FOLDER --key auditor.key --anchor anchors.jsonl

It finds and locates what was changed, deleted, inserted, swapped, cut off or written anew; what was written anew as a
whole after the last anchor only with the auditor's key. Exit status 0 if all holds, 1 if not, 2 if a file cannot be
read. The format is described in docs/reference/audit.md.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

END = re.compile(rb',"seal":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"}')
SEGMENT = re.compile(r"(\d{12})-\d{4}-\d\d-\d\d\.jsonl")
MOST_MISSING = 1_000_000


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def decoded(line: bytes) -> tuple[dict, bytes, str, str] | None:
    """Fields, sealed text, seal and hash of a line without its end; None for one that was changed."""
    end = END.fullmatch(line, max(0, len(line) - 149))
    if end is None or sha256(line[:-75]).hex().encode() != end[2]:
        return None
    text = line[: end.start()] + b"}"
    return json.loads(text), text, end[1].decode(), end[2].decode()


def lines(folder: Path) -> Iterator[tuple[str, bytes, tuple | None]]:
    """Place, bytes and record of each line of all segments."""
    for path in sorted(path for path in folder.iterdir() if SEGMENT.fullmatch(path.name)):
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield f"{path.name} line {number}", line, decoded(line[:-1]) if line.endswith(b"\n") else None


def opened(note: str, verifier: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed; ValueError or InvalidSignature for any other text."""
    name, key_hash, encoded = verifier.split("+", 2)
    public, (text, tail) = b64decode(encoded), note.rsplit(f"\n\n\u2014 {name} ", 1)
    named, signature = sha256(name.encode() + b"\n" + public)[:4], b64decode(tail)[4:]
    if (named.hex(), b64encode(named + signature).decode() + "\n") != (key_hash, tail):
        raise ValueError("no signature of this key")
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature, text.encode() + b"\n")
    return int(text.split("\n")[1]), b64decode(text.split("\n")[2])


class Log:
    """The verification of one folder."""

    def __init__(self, folder: Path, key: bytes | None, anchor: Path | None) -> None:
        self.folder, self.key, self.problems = folder, key, list[tuple[int, str, str]]()
        self.last, self.hash, self.subtrees, self.foreign = 0, "0" * 64, list[bytes](), list[tuple[str, bytes]]()
        self.expected: dict[int, list[tuple[str, bytes]]] = {}
        anchors = [json.loads(line) for line in anchor.read_text("utf-8").splitlines()] if anchor else []
        public = folder / "checkpoint.pub"
        known = public.read_text("utf-8", "replace").strip() if public.exists() else ""
        self.verifier = anchors[0]["verifier"] if anchors else known
        if known != self.verifier:
            self.report(0, public.name, "is not the key that was anchored")
        for number, entry in enumerate(anchors, start=1):
            self.expect(f"anchor line {number}", entry["checkpoint"])
        for path in sorted((folder / "checkpoints").glob("*.note")):
            self.expect(path.name, path.read_text("utf-8", "replace"))

    def report(self, record: int, place: str, problem: str) -> None:
        self.problems.append((record, place, problem))

    def expect(self, place: str, note: str) -> None:
        try:
            size, root = opened(note, self.verifier)
        except (ValueError, InvalidSignature):
            return self.report(0, place, "is not signed by the audit's key, or was changed")
        if place.endswith(".note") and place != f"{size:012d}.note":
            self.report(0, place, f"is the checkpoint of {size} records")
        self.expected.setdefault(size, []).append((place, root))

    def run(self) -> None:
        state = self.folder / "seal.state"  # before the records: the log may grow meanwhile
        stored = state.read_bytes() if state.exists() else b""
        text = stored.rstrip().rpartition(b" ")[0]
        good = stored == (text + b" " + sha256(text).hex().encode()).ljust(511) + b"\n"
        at = json.loads(text) if good else {"sequence": 0}
        if not good:
            self.report(0, state.name, "is missing or was changed")
        seen, key = self.hash, self.key
        for here, following in pairwise(chain(lines(self.folder), [None])):
            self.line(*here, following[2][0]["sequence"] if following and following[2] else 0)
            if self.last == at["sequence"]:
                seen, key = self.hash, self.key
        changed = max(0, at["sequence"] - self.last)
        left = [place for place, line in self.foreign[changed:] if line.endswith(b"\n")]
        self.changed(self.foreign[:changed])
        for place in left:
            self.report(self.last + 1, place, "a line that is no record, behind the last one")
        if at["sequence"] > self.last:
            self.report(self.last + 1, "end", f"records {self.last + 1} to {at['sequence']} are missing")
        elif good and ((seen and at["hash"] != seen) or (key and at["key"] != key.hex())):
            self.report(at["sequence"], state.name, "is not the state after this record: one of them was written anew")
        for size in sorted(size for size in self.expected if size > self.last):
            self.report(self.last + 1, self.expected[size][0][0], f"states {size} records, the log has {self.last}")

    def line(self, place: str, line: bytes, record: tuple | None, after: int) -> None:
        """Check a line; `after` is the number of the record behind it."""
        if record is None:
            return self.foreign.append((place, line))
        fields, text, seal, hash_ = record
        sequence = fields["sequence"]
        self.settle_foreign(sequence, fields)
        due = self.last + 1
        if place.endswith(" line 1") and sequence != int(place[:12]):
            self.report(due, place, f"begins with record {sequence}, against its name")
        if sequence != due and after == due + 1:
            self.report(due, place, f"record {sequence} stands in the place of record {due}")
            return self.advance(line[:-1], "")
        if sequence < due or (sequence != due and after == due) or sequence > due + MOST_MISSING:
            return self.report(due, place, f"record {sequence} was inserted before record {due}")
        if sequence > due:
            self.report(due, place, f"records {due} to {sequence - 1} are missing before this line")
        while self.last + 1 < sequence:
            self.advance(b"", "")
        if self.key and hmac.digest(self.key, text, "sha256").hex() != seal:
            self.report(sequence, place, f"record {sequence} was written anew: its seal is not the log's")
        elif self.hash and fields["previous"] != self.hash:
            self.report(sequence, place, f"record {sequence} does not follow record {self.last}")
        return self.advance(line[:-1], hash_)

    def settle_foreign(self, sequence: int, fields: dict) -> None:
        """What the lines before a record are that are none: changed, inserted, or left by a killed process."""
        foreign, self.foreign = self.foreign, []
        digest = sha256(b"".join(line.removesuffix(b"\n") + b"\n" for _, line in foreign)).hex()
        closed = {"problem": "unfinished", "sha256": digest}.items() <= fields.get("details", {}).items()
        follows = (sequence, fields["previous"]) == (self.last + 1, self.hash)
        if closed and follows and fields["operation"] == "audit-log":
            return
        gap = max(0, min(sequence - self.last - 1, len(foreign), MOST_MISSING))
        self.changed(foreign[:gap])
        for place, _ in foreign[gap:]:
            self.report(self.last + 1, place, f"a line that is no record, before record {self.last + 1}")

    def changed(self, places: list[tuple[str, bytes]]) -> None:
        for place, line in places:
            self.report(self.last + 1, place, f"record {self.last + 1} was changed")
            self.advance(line, "")

    def advance(self, content: bytes, hash_: str) -> None:
        """Count a record: in the chain, in the keys, and in the Merkle tree of RFC 6962."""
        self.last, self.hash = self.last + 1, hash_
        self.key = self.key and hmac.digest(self.key, b"next", "sha256")
        node, size = sha256(b"\0" + content), self.last
        while size % 2 == 0:
            node, size = sha256(b"\1" + self.subtrees.pop() + node), size // 2
        self.subtrees.append(node)
        for place, root in self.expected.get(self.last, ()):
            for left in reversed(self.subtrees[:-1]):
                node = sha256(b"\1" + left + node)
            if node != root:
                self.report(0, place, f"the records up to {self.last} are not those of this checkpoint")
            node = self.subtrees[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify an audit.")
    parser.add_argument("folder", type=Path, help="folder of the audit")
    parser.add_argument("--key", type=Path, help="the auditor's key")
    parser.add_argument("--anchor", type=Path, help="the auditor's file of anchors")
    asked = parser.parse_args()
    try:
        log = Log(asked.folder, asked.key and bytes.fromhex(asked.key.read_text().split("\n")[1]), asked.anchor)
        log.run()
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"{asked.folder} cannot be checked: {error!r}", file=sys.stderr)
        return 2
    for number, place, problem in log.problems[:100]:
        print(f"{place}: {problem}" + (f" (record {number})" if number else ""))
    found = f"{len(log.problems)} problems" if log.problems else f"{log.last} records, none changed"
    print(found + ("" if asked.key else " (seals were not checked: give --key)"))
    return 1 if log.problems else 0


if __name__ == "__main__":
    sys.exit(main())
