"""Random single changes of a log, each with the place where a verifier must find it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.audit.record_line import FIRST_PREVIOUS, Head, decode_line, encode_record
from pipeline.audit.seal import next_key
from tests.audit.logs import NOON_MS, entry, segments


class Change(NamedTuple):
    """What was changed.

    Attributes:
        kind: of change.
        record: number that the first finding must have; None where another file was changed.
        place: what the place of a finding begins with; "" where the number says it.
    """

    kind: str
    record: int | None
    place: str = ""


class Tamperer:
    """Changes a copy of a log, one change at a time, and takes it back.

    Args:
        folder: of the log; everything in it is restored by `restore`.
        anchored: number of records that were anchored.
        seed: of the random choices.
    """

    def __init__(self, folder: Path, anchored: int, seed: int) -> None:
        self._folder = folder
        self._anchored = anchored
        self._random = random.Random(seed)
        self._files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        self._lines = {path: self._files[path].splitlines(keepends=True) for path in segments(folder)}
        self._records = [(path, at) for path, lines in self._lines.items() for at in range(len(lines))]

    def change(self) -> Change:
        """One random change."""
        return self._random.choice(_CHANGES)(self)

    def restore(self) -> None:
        """Take it back."""
        for path, content in self._files.items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
        for path in segments(self._folder):
            if path not in self._files:
                path.unlink()

    def byte(self) -> Change:
        path = self._random.choice(list(self._lines))
        content = bytearray(self._files[path])
        at = self._random.randrange(len(content))
        content[at] ^= self._random.randrange(1, 256)
        path.write_bytes(content)
        return Change("byte", self._number(path, self._files[path].count(b"\n", 0, at)))

    def byte_of_another_file(self) -> Change:
        names = ["seal.state", "checkpoint.pub", *(f"checkpoints/{path.name}" for path in self._notes())]
        path = self._folder / self._random.choice(names)
        content = bytearray(self._files[path])
        at = self._random.randrange(len(content) - 1)  # a public key may end with any space
        content[at] ^= self._random.randrange(1, 256)
        path.write_bytes(content)
        return Change("byte of another file", None, path.name)

    def deleted_record(self) -> Change:
        path, at = self._random.choice(self._records)
        self._write(path, [line for number, line in enumerate(self._lines[path]) if number != at])
        return Change("deleted record", self._number(path, at))

    def deleted_bytes(self) -> Change:
        path = self._random.choice(list(self._lines))
        content = self._files[path]
        at = self._random.randrange(len(content) - 1)
        end = self._random.randrange(at + 1, len(content))
        path.write_bytes(content[:at] + content[end:])
        return Change("deleted bytes", self._number(path, content.count(b"\n", 0, at)))

    def deleted_file(self) -> Change:
        path = self._random.choice(list(self._lines))
        path.unlink()
        return Change("deleted file", self._number(path, 0))

    def inserted_line(self) -> Change:
        path, at = self._random.choice(self._records)
        copied = self._random.choice(self._records)
        line = self._random.choice([self._lines[copied[0]][copied[1]], b"{}\n", b"\n", self._forged(path, at)])
        lines = self._lines[path]
        if line == lines[at]:  # next to itself no one can say which is the copy
            at += 1
        self._write(path, [*lines[:at], line, *lines[at:]])
        return Change("inserted line", self._number(path, at))

    def inserted_bytes(self) -> Change:
        path = self._random.choice(list(self._lines))
        content = self._files[path]
        at = self._random.randrange(len(content))
        path.write_bytes(content[:at] + self._random.randbytes(self._random.randrange(1, 9)) + content[at:])
        return Change("inserted bytes", self._number(path, content.count(b"\n", 0, at)))

    def swapped_records(self) -> Change:
        (path, at), (other, place) = sorted(self._random.sample(self._records, 2))
        lines = {one: list(self._lines[one]) for one in (path, other)}
        lines[path][at], lines[other][place] = lines[other][place], lines[path][at]
        for one, changed in lines.items():
            self._write(one, changed)
        return Change("swapped records", self._number(path, at))

    def swapped_files(self) -> Change:
        first, second = sorted(self._random.sample(list(self._lines), 2))
        first.write_bytes(self._files[second])
        second.write_bytes(self._files[first])
        return Change("swapped files", self._number(first, 0))

    def cut_off(self) -> Change:
        path = self._random.choice(list(self._lines))
        at = self._random.randrange(len(self._files[path]))
        path.write_bytes(self._files[path][:at])
        return Change("cut off", self._number(path, self._files[path].count(b"\n", 0, at)))

    def written_anew(self) -> Change:
        """A file after the last anchor, replaced by another with right hashes: only its seals are not the log's."""
        after = [path for path in self._lines if self._number(path, 0) > self._anchored]
        path = self._random.choice(after)
        at = self._random.randrange(len(self._lines[path]))
        kept = self._lines[path][:at]
        self._write(path, [*kept, *self._rewritten(path, at)])
        return Change("written anew", self._number(path, at))

    def _rewritten(self, path: Path, at: int) -> list[bytes]:
        first = self._number(path, at)
        head = Head(first - 1, self._hash_before(path, at), self._random.randbytes(32))
        lines = []
        for number in range(len(self._lines[path]) - at):
            line = encode_record(entry(number, "ZZZ9Z99"), head, NOON_MS, NOON_MS)
            record = decode_line(line)
            assert record is not None
            head = Head(record.sequence, record.hash, next_key(head.key))
            lines.append(line + b"\n")
        return lines

    def _forged(self, path: Path, at: int) -> bytes:
        """A record with right hashes and the number of the one at a place."""
        head = Head(self._number(path, at) - 1, self._hash_before(path, at), self._random.randbytes(32))
        return encode_record(entry(), head, NOON_MS, NOON_MS) + b"\n"

    def _hash_before(self, path: Path, at: int) -> str:
        number = self._number(path, at)
        if number == 1:
            return FIRST_PREVIOUS
        before, line = self._records[number - 2]
        record = decode_line(self._lines[before][line][:-1])
        assert record is not None
        return record.hash

    def _number(self, path: Path, at: int) -> int:
        return int(path.name[:12]) + at

    def _write(self, path: Path, lines: list[bytes]) -> None:
        path.write_bytes(b"".join(lines))

    def _notes(self) -> list[Path]:
        return [path for path in self._files if path.suffix == ".note"]


_CHANGES: Final[list[Callable[[Tamperer], Change]]] = [
    Tamperer.byte,
    Tamperer.byte,
    Tamperer.byte_of_another_file,
    Tamperer.deleted_record,
    Tamperer.deleted_bytes,
    Tamperer.deleted_file,
    Tamperer.inserted_line,
    Tamperer.inserted_bytes,
    Tamperer.swapped_records,
    Tamperer.swapped_files,
    Tamperer.cut_off,
    Tamperer.written_anew,
]
