"""Verification of a log: every record, its seal, the log's state, checkpoints and the auditor's anchors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.audit.anchors import read_anchors
from pipeline.audit.checkpoints import Checkpoint, note_paths, public_key, read_checkpoint
from pipeline.audit.log_scan import Finding, LogScan
from pipeline.audit.log_state import STATE_NAME, LogState, read_state
from pipeline.audit.merkle_tree import Frontier
from pipeline.audit.seal import next_key
from pipeline.audit.segments import SegmentLine, first_sequence, lines_of, segment_names
from pipeline.domain.plural import counted
from pipeline.errors import AuditError

__all__ = ["Finding", "Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification saw.

    Attributes:
        records: number of records.
        segments: number of files.
        last_hash: of the last record.
        findings: the first ones; found: how many there are.
        notes: what is no finding, and should be known.
        sealed: whether seals were checked, which needs the auditor's key.
        checkpoints, anchors: number of those that were checked.
    """

    records: int
    segments: int
    last_hash: str
    findings: tuple[Finding, ...]
    found: int
    notes: tuple[str, ...]
    sealed: bool
    checkpoints: int
    anchors: int

    @property
    def intact(self) -> bool:
        """Whether nothing was changed."""
        return not self.found


class _StateCheck:
    """Comparison of the records with the state that was read before them."""

    def __init__(self, folder: Path, scan: LogScan) -> None:
        self._scan = scan
        self._place = STATE_NAME
        self._hash = scan.last_hash
        self._key = scan.key
        self.state: LogState | None = None
        try:
            self.state = read_state(folder / STATE_NAME)
        except FileNotFoundError:
            scan.report(None, self._place, "is missing: whether records are missing at the end is not known")
        except AuditError as error:
            scan.report(None, self._place, error.problem)

    def after_line(self) -> None:
        """Note hash and key of the record that the state is about."""
        if self.state is not None and self._scan.last == self.state.sequence:
            self._hash, self._key = self._scan.last_hash, self._scan.key

    def end(self) -> None:
        """Compare."""
        state, scan = self.state, self._scan
        reached = scan.last
        scan.end(0 if state is None else state.sequence)
        if state is None:
            return
        if reached < state.sequence:
            key = scan.key
            for _ in range(state.sequence - scan.last):
                key = None if key is None else next_key(key)
            self._key = key
        elif self._hash and state.hash != self._hash:
            scan.report(state.sequence, self._place, f"record {state.sequence} is not the one that the state is about")
        if self._key is not None and state.key != self._key.hex():
            scan.report(state.sequence, self._place, "was written anew: its key is not the log's")


class _TreeCheck:
    """Comparison of the Merkle tree with checkpoints and anchors."""

    def __init__(self, scan: LogScan) -> None:
        self._scan = scan
        self._tree = Frontier()
        self._expected: dict[int, list[tuple[str, bytes]]] = {}

    def expect(self, place: str, checkpoint: Checkpoint) -> None:
        """Add a checkpoint to compare with."""
        self._expected.setdefault(checkpoint.size, []).append((place, checkpoint.root))
        if not checkpoint.size:
            self._compare()

    def add(self, leaf: bytes) -> None:
        """Append a leaf."""
        self._tree.add(leaf)
        if self._tree.size in self._expected:
            self._compare()

    def end(self) -> None:
        """Report the checkpoints of more records than there are."""
        for size, places in sorted(self._expected.items()):
            if size > self._tree.size:
                for place, _ in places:
                    first = self._tree.size + 1
                    self._scan.report(first, place, f"states {size} records, but the log ends before record {first}")

    def _compare(self) -> None:
        size, root = self._tree.size, self._tree.root()
        for place, expected in self._expected[size]:
            if expected != root:
                before = max((one for one in self._expected if one < size), default=0)
                problem = f"the records up to {size} are not those of this checkpoint; the one before is of {before}"
                self._scan.report(None, place, problem)


def verify(
    folder: Path, key: bytes | None = None, anchor: Path | None = None, progress: Callable[[int], None] = lambda _: None
) -> Verification:
    """Check a log; it may be written to meanwhile.

    Args:
        folder: of the log.
        key: the auditor's; without it, what was written anew as a whole behind the last anchor is not found.
        anchor: the auditor's file.
        progress: receives the number of bytes of each line.

    Raises:
        AuditError: there is no log, or the anchor is unusable.
        OSError: a file cannot be read.
    """
    scan = LogScan(key)
    state = _StateCheck(folder, scan)
    names = segment_names(folder)
    if not names and state.state is None:
        raise AuditError(f"audit {folder}", "does not exist", "Name the folder of the audit, or its configuration")
    trees = _TreeCheck(scan)
    scan.on_leaf = trees.add
    anchors = [] if anchor is None else read_anchors(anchor)
    for one in anchors:
        trees.expect(f"anchor of {one.anchored}", one.checkpoint)
    checkpoints = _expect_checkpoints(folder, trees, scan, anchors[0].verifier if anchors else "")
    scan.scan(_lines(folder, names, progress), state.after_line)
    state.end()
    trees.end()
    return Verification(
        scan.last,
        len(names),
        scan.last_hash,
        tuple(scan.findings),
        scan.found,
        tuple(_notes(scan, names, checkpoints)),
        key is not None,
        len(checkpoints),
        len(anchors),
    )


def _expect_checkpoints(folder: Path, trees: _TreeCheck, scan: LogScan, verifier: str) -> set[int]:
    """Sizes of the checkpoints of the folder.

    Args:
        folder, trees, scan: of the verification.
        verifier: the key that was anchored; "" for that of the folder.
    """
    paths, sizes = note_paths(folder), set[int]()
    if not paths:
        return sizes
    try:
        known = public_key(folder)
    except AuditError as error:
        scan.report(None, error.subject, error.problem)
        known = ""
    if verifier and known != verifier:
        scan.report(None, "checkpoint.pub", "is not the key that was anchored")
    for path in paths:
        try:
            stored = read_checkpoint(path, verifier or known)
        except AuditError as error:
            scan.report(None, f"{path.parent.name}/{path.name}", error.problem)
            continue
        if path.name != f"{stored.checkpoint.size:012d}.note":
            scan.report(
                None, f"{path.parent.name}/{path.name}", f"is the checkpoint of {stored.checkpoint.size} records"
            )
        trees.expect(f"{path.parent.name}/{path.name}", stored.checkpoint)
        sizes.add(stored.checkpoint.size)
    return sizes


def _lines(folder: Path, names: list[str], progress: Callable[[int], None]) -> Iterator[SegmentLine]:
    for name in names:
        for line in lines_of(folder / name):
            yield line
            progress(len(line.content) + 1)


def _notes(scan: LogScan, names: list[str], checkpoints: set[int]) -> Iterator[str]:
    yield from scan.notes
    if scan.times_set_back:
        yield f"the clock was set back before {counted(scan.times_set_back, 'record')}; times are as the clock said"
    without = sum(first_sequence(name) - 1 not in checkpoints for name in names[1:])
    if without:
        yield f"{counted(without, 'closed segment')} without a checkpoint; viapublica audit anchor signs it"
    if scan.key is None:
        yield "seals were not checked: that needs the auditor's key (--key)"
