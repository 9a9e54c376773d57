"""Scan of a log's lines: which records are there as they were written, and what is wrong with the others, by place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from pipeline.audit.audit_log import UNFINISHED
from pipeline.audit.log_records import MOST_MISSING, NO_RECORD
from pipeline.audit.merkle_tree import leaf_hash
from pipeline.audit.record_line import FIRST_PREVIOUS, Line, decode_line
from pipeline.audit.seal import next_key, seal_of
from pipeline.audit.segments import SegmentLine, first_sequence
from pipeline.domain.audit import LOG_OPERATION

MOST_FINDINGS: Final = 100


class Finding(NamedTuple):
    """Something that was changed.

    Attributes:
        sequence: of the first record concerned; None where it is no record.
        place: segment and line, or another file.
        problem: one clause.
    """

    sequence: int | None
    place: str
    problem: str


class _Placed(NamedTuple):
    place: SegmentLine
    line: Line | None


@dataclass
class LogScan:
    """The scan of one log, line by line in the order of the files.

    Attributes:
        key: of the next record; None where the auditor's key is not known, so that seals are not checked.
        on_leaf: receives each leaf of the Merkle tree.
        last: sequence of the last record.
        last_hash: its hash; "" where it was changed.
        findings: the first ones; `found` counts all.
        notes: what is no finding, but of use to an auditor.
        times_set_back: number of records before which the clock was set back.
    """

    key: bytes | None = None
    on_leaf: Callable[[bytes], None] = lambda _: None
    last: int = 0
    last_hash: str = FIRST_PREVIOUS
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    notes: list[str] = field(default_factory=list)
    times_set_back: int = 0
    _foreign: list[SegmentLine] = field(default_factory=list)
    _segment: str = ""

    def scan(self, lines: Iterable[SegmentLine], on_record: Callable[[], None] = lambda: None) -> None:
        """Read all lines.

        Args:
            lines: of all segments.
            on_record: called after each line.
        """
        for here, following in _with_next(lines):
            if here.line is None:
                self._foreign.append(here.place)
            else:
                self._settle_foreign(here.line)
                self._check_name(here.place, here.line)
                self._add(here.place, here.line, following)
            on_record()

    def end(self, last: int) -> None:
        """Conclude what stands behind the last record.

        Args:
            last: sequence of the last record that was on the disk, as the log's state says; 0 where that is unknown.
        """
        foreign, self._foreign = self._foreign, []
        changed = foreign[: max(0, last - self.last)]
        for place in changed:
            self._changed(place)
        left = foreign[len(changed) :]
        for place in left:
            if place.complete:
                self.report(self.last + 1, _named(place), "a line that is no record stands behind the last record")
        size = sum(len(place.content) for place in left if not place.complete)
        if size:
            self.notes.append(f"{size} bytes behind the last record are not complete; the next record will say so")
        if last > self.last:
            self.report(self.last + 1, "end of the log", f"{_records(self.last + 1, last)} missing")

    def report(self, sequence: int | None, place: str, problem: str) -> None:
        """Add a finding."""
        self.found += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(sequence, place, problem))

    def _add(self, place: SegmentLine, line: Line, following: Line | None) -> None:
        """A line whose hash is right."""
        due, here = self.last + 1, _named(place)
        after = None if following is None else following.sequence
        if line.sequence == due:
            self._add_next(place, line)
        elif after == due + 1:
            self.report(due, here, f"record {line.sequence} stands in the place of record {due}")
            self._advance(place.content, "")
        elif line.sequence < due or after == due or line.sequence > due + MOST_MISSING:
            self.report(due, here, f"record {line.sequence} was inserted before record {due}")
        else:
            self.report(due, here, f"{_records(due, line.sequence - 1)} missing before this line")
            while self.last + 1 < line.sequence:
                self._advance(None, "")
            self._add_next(place, line)

    def _add_next(self, place: SegmentLine, line: Line) -> None:
        previous: Any = line.fields["previous"]
        if self.key is not None and seal_of(self.key, line.text) != line.seal:
            self.report(
                line.sequence, _named(place), f"record {line.sequence} was written anew: its seal is not the log's"
            )
        elif self.last_hash and previous != self.last_hash:
            self.report(
                line.sequence,
                _named(place),
                f"record {line.sequence} does not follow record {self.last}: one was replaced",
            )
        self.times_set_back += "clock_set_back_ms" in line.fields
        self._advance(place.content, line.hash)

    def _advance(self, content: bytes | None, hash_: str) -> None:
        """Count a record; None is a missing one."""
        self.last += 1
        self.last_hash = hash_
        if self.key is not None:
            self.key = next_key(self.key)
        self.on_leaf(NO_RECORD if content is None else leaf_hash(content))

    def _settle_foreign(self, line: Line) -> None:
        """Conclude what the lines before a record are that are none."""
        foreign, self._foreign = self._foreign, []
        if not foreign:
            return
        if self._closes(line, foreign):
            size = sum(len(place.content) for place in foreign)
            self.notes.append(f"record {line.sequence} closes {size} bytes that a killed or failed process left")
            return
        gap = min(max(0, line.sequence - self.last - 1), len(foreign), MOST_MISSING)
        for place in foreign[:gap]:
            self._changed(place)
        for place in foreign[gap:]:
            self.report(self.last + 1, _named(place), f"a line that is no record stands before record {self.last + 1}")

    def _closes(self, line: Line, foreign: list[SegmentLine]) -> bool:
        """Whether a record is the log's own about these very bytes."""
        details = line.fields.get("details")
        own = line.fields.get("operation") == LOG_OPERATION and isinstance(details, dict)
        if not own or (line.sequence, line.fields["previous"]) != (self.last + 1, self.last_hash):
            return False
        digest = hashlib.sha256(b"".join(place.content + b"\n" for place in foreign)).hexdigest()
        return isinstance(details, dict) and (details.get("problem"), details.get("sha256")) == (UNFINISHED, digest)

    def _changed(self, place: SegmentLine) -> None:
        self.report(self.last + 1, _named(place), f"record {self.last + 1} was changed")
        self._advance(place.content, "")

    def _check_name(self, place: SegmentLine, line: Line) -> None:
        """A segment is named after its first record."""
        if place.segment != self._segment:
            self._segment = place.segment
            if line.sequence != first_sequence(place.segment) and place.number == 1:
                self.report(self.last + 1, _named(place), f"begins with record {line.sequence}, against its name")


def _with_next(lines: Iterable[SegmentLine]) -> Iterator[tuple[_Placed, Line | None]]:
    """Each line with the following one, decoded."""
    here: _Placed | None = None
    for place in lines:
        placed = _Placed(place, decode_line(place.content) if place.complete else None)
        if here is not None:
            yield here, placed.line
        here = placed
    if here is not None:
        yield here, None


def _named(place: SegmentLine) -> str:
    return f"{place.segment} line {place.number}"


def _records(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"
