"""Checkpoints are signed notes, anchors prove that a log only grew, and proofs hold for one record."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.audit.anchors import add_anchor, read_anchors
from pipeline.audit.checkpoints import note_paths, public_key, read_checkpoint, sign_checkpoint
from pipeline.audit.inclusion_proof import proof_text, prove_record
from pipeline.audit.merkle_tree import leaf_hash, root_of
from pipeline.audit.signed_note import Signer, opened
from pipeline.audit.verification import verify
from pipeline.errors import AuditError
from tests.audit.logs import DAY_MS, NOON_MS, SetClock, entry, filled, lines, segments
from tests.project.places import ROOT

# The example of Go's package golang.org/x/mod/sumdb/note, which defines the format.
_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    filled(tmp_path / "audit", days=3, each=5)
    return tmp_path / "audit"


def test_notes_of_other_programs_are_read() -> None:
    assert opened(_NOTE, _VERIFIER).startswith("If you think cryptography")


@pytest.mark.parametrize("at", range(0, len(_NOTE), 7))
def test_a_note_with_another_character_is_refused(at: int) -> None:
    other = _NOTE[:at] + ("x" if _NOTE[at] != "x" else "y") + _NOTE[at + 1 :]
    with pytest.raises(AuditError, match="is not signed by this audit's key"):
        opened(other, _VERIFIER)


def test_a_signing_key_survives_as_text() -> None:
    signer = Signer.generate("audit")
    again = Signer.parse(signer.private_text())
    assert again.verifier_text() == signer.verifier_text()
    assert opened(again.sign("text\n"), signer.verifier_text()) == "text\n"
    with pytest.raises(ValueError, match="no Ed25519 key"):
        Signer.parse("PRIVATE+KEY+audit+00000000+AAAA")


def test_a_checkpoint_states_the_root_of_all_records_before_it(folder: Path) -> None:
    made = sign_checkpoint(folder, NOON_MS)
    assert made.checkpoint.size == 15
    assert made.checkpoint.root == root_of([leaf_hash(line) for line in lines(folder)])
    assert [path.name for path in note_paths(folder)] == [f"{size:012d}.note" for size in (5, 10, 15)]
    for path, size in zip(note_paths(folder), (5, 10, 15), strict=True):
        stored = read_checkpoint(path, public_key(folder)).checkpoint
        assert (stored.size, stored.root) == (size, root_of([leaf_hash(line) for line in lines(folder)[:size]]))
    assert sign_checkpoint(folder, NOON_MS + 1) == made


def test_a_checkpoint_that_could_not_be_signed_is_made_up_for(folder: Path) -> None:
    first = note_paths(folder)[0]
    expected = first.read_text().splitlines()[:3]
    first.unlink()
    log = filled(folder, days=0)
    log._clock = SetClock(NOON_MS + 3 * DAY_MS)
    log.append(entry())
    assert first.read_text().splitlines()[:3] == expected
    assert verify(folder).checkpoints == 3


def test_anchors_are_appended_and_each_extends_the_one_before(folder: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors.jsonl"
    log = filled(folder, days=0)
    log._clock = SetClock(NOON_MS + 2 * DAY_MS)
    for number in range(4):
        add_anchor(anchor, folder, sign_checkpoint(folder, NOON_MS), NOON_MS + number)
        log.append(entry(number))
    assert [one.checkpoint.size for one in read_anchors(anchor)] == [15, 16, 17, 18]
    assert verify(folder, None, anchor).anchors == 4
    content = anchor.read_text().splitlines()
    anchor.write_text("\n".join([content[0], content[2].replace('"consistency":["', '"consistency":["AAAA'), ""]))
    with pytest.raises(AuditError, match="line 2: does not extend the anchor before it"):
        read_anchors(anchor)
    anchor.write_text("\n".join([content[1], content[0], ""]))
    with pytest.raises(AuditError, match="line 2: does not extend the anchor before it"):
        read_anchors(anchor)
    anchor.write_text(content[0].replace("subtrees", "subtreez"))
    with pytest.raises(AuditError, match="line 1: was changed"):
        read_anchors(anchor)


def test_a_log_that_is_not_the_anchored_one_is_not_anchored_again(folder: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors.jsonl"
    add_anchor(anchor, folder, sign_checkpoint(folder, NOON_MS), NOON_MS)
    before = anchor.read_bytes()
    path = segments(folder)[0]
    path.write_bytes(path.read_bytes().replace(b'"rows":3', b'"rows":0', 1))
    filled(folder, days=1, each=1)
    with pytest.raises(AuditError, match="is not the one anchored on"):
        add_anchor(anchor, folder, sign_checkpoint(folder, NOON_MS), NOON_MS)
    assert anchor.read_bytes() == before
    found = verify(folder, None, anchor)
    assert found.findings[0].sequence == 4


def test_another_log_is_not_anchored_to_the_same_file(folder: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchors.jsonl"
    add_anchor(anchor, folder, sign_checkpoint(folder, NOON_MS), NOON_MS)
    other = tmp_path / "other"
    filled(other, days=3, each=6)
    with pytest.raises(AuditError, match="is of another audit"):
        add_anchor(anchor, other, sign_checkpoint(other, NOON_MS), NOON_MS)
    assert "checkpoint.pub" in {one.place for one in verify(other, None, anchor).findings}


def _outside(path: Path, key: str) -> subprocess.CompletedProcess[str]:
    tool = ROOT / "docs" / "tools" / "verify_audit_proof.py"
    command = [sys.executable, "-I", str(tool), str(path), "--public-key", key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("sequence", [1, 7, 15])
def test_an_outsider_checks_the_proof_of_one_record(folder: Path, tmp_path: Path, sequence: int) -> None:
    proof = prove_record(folder, sequence, sign_checkpoint(folder, NOON_MS))
    path, key = tmp_path / "proof.json", public_key(folder)
    path.write_text(proof_text(proof))
    done = _outside(path, key)
    assert (done.returncode, done.stderr) == (0, "")
    assert f'"sequence": {sequence}' in done.stdout
    assert "the record stands in the audit" in done.stdout


def test_a_changed_proof_is_refused(folder: Path, tmp_path: Path) -> None:
    proof = prove_record(folder, 7, sign_checkpoint(folder, NOON_MS))
    path, key = tmp_path / "proof.json", public_key(folder)
    changes: list[dict[str, Any]] = [
        {"record": proof["record"].replace("ana", "eva")},
        {"record": prove_record(folder, 8, sign_checkpoint(folder, NOON_MS))["record"]},
        {"index": 7},
        {"path": proof["path"][:-1]},
        {"path": [*proof["path"], proof["path"][0]]},
        {"checkpoint": proof["checkpoint"].replace("\n15\n", "\n16\n")},
    ]
    for change in changes:
        path.write_text(json.dumps(proof | change))
        assert _outside(path, key).returncode == 1, change
    path.write_text(json.dumps(proof))
    assert _outside(path, Signer.generate("another").verifier_text()).returncode == 1
    path.write_text("[]")
    assert _outside(path, key).returncode == 2


@pytest.mark.parametrize("sequence", [0, 16])
def test_a_record_that_does_not_exist_has_no_proof(folder: Path, sequence: int) -> None:
    with pytest.raises(AuditError, match="does not exist"):
        prove_record(folder, sequence, sign_checkpoint(folder, NOON_MS))
