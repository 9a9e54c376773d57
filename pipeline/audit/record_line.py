"""The stored form of a record: one line of canonical JSON that ends with the record's seal and hash.

::

    {"cameras":["c1"], … ,"previous":"<hash of the record before>","sequence":7, … ,"seal":"<64>","hash":"<64>"}

`seal` is computed over the canonical JSON of all other fields but `hash`, `hash` (SHA-256) over the line up to it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from pipeline.audit.seal import plate_hash, seal_of
from pipeline.domain.audit import AuditEntry
from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.times import format_utc

FIRST_PREVIOUS: Final = "0" * 64
"""What the first record follows."""
_END: Final = re.compile(rb',"seal":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"}')
_END_LENGTH: Final = len(',"seal":""}') + len(',"hash":""') + 128
_HASH_LENGTH: Final = len(',"hash":""}') + 64


class Head(NamedTuple):
    """The end of a log, as far as a further record depends on it.

    Attributes:
        sequence: of the last record; 0 without any.
        hash: of the last record.
        key: of the next record.
    """

    sequence: int
    hash: str
    key: bytes


class Line(NamedTuple):
    """A line whose hash is right.

    Attributes:
        text: canonical JSON that is sealed.
        seal, hash: of the record.
        fields: of the record.
    """

    text: bytes
    seal: str
    hash: str
    fields: dict[str, Any]

    @property
    def sequence(self) -> int:
        """Number of the record."""
        return int(self.fields["sequence"])


class _Times(NamedTuple):
    now_ms: int
    set_back_ms: int


def encode_record(entry: AuditEntry, head: Head, now_ms: int, last_ms: int) -> bytes:
    """The line of a record, without its end.

    Args:
        entry: what is recorded.
        head: the end of the log.
        now_ms: what the clock says, milliseconds since 1970 UTC.
        last_ms: what it said at the record before.
    """
    fields = _fields(entry, head.key, _Times(now_ms, max(0, last_ms - now_ms)))
    fields |= {"sequence": head.sequence + 1, "previous": head.hash}
    text = canonical_json(fields).encode()
    sealed = text[:-1] + f',"seal":"{seal_of(head.key, text)}"'.encode()
    return sealed + f',"hash":"{hashlib.sha256(sealed).hexdigest()}"}}'.encode()


def decode_line(line: bytes) -> Line | None:
    """The record of a line; None for one that was changed or is none.

    Args:
        line: without its end.
    """
    match = _END.fullmatch(line, max(0, len(line) - _END_LENGTH))
    if match is None or hashlib.sha256(line[:-_HASH_LENGTH]).hexdigest().encode() != match[2]:
        return None
    text = line[: match.start()] + b"}"
    try:
        fields = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    if not isinstance(fields.get("sequence"), int) or not isinstance(fields.get("previous"), str):
        return None
    return Line(text, match[1].decode(), match[2].decode(), fields)


def _fields(entry: AuditEntry, key: bytes, times: _Times) -> dict[str, Any]:
    """The fields of a record, without empty ones; plates are hashed with its key."""
    fields: Mapping[str, Any] = {
        "account": entry.account,
        "cameras": list(entry.cameras),
        "case": entry.case,
        "clock_set_back_ms": times.set_back_ms,
        "details": dict(entry.details),
        "from": "" if entry.start_ms is None else format_utc(entry.start_ms),
        "institution": entry.institution,
        "number": entry.number,
        "plates": sorted({plate_hash(key, plate) for plate in entry.plates}),
        "policy": entry.policy,
        "purpose": entry.purpose,
        "reason": entry.reason,
        "role": entry.role,
        "to": "" if entry.end_ms is None else format_utc(entry.end_ms),
    }
    stored = {name: value for name, value in fields.items() if value}
    stored |= {"operation": entry.operation, "outcome": entry.outcome.value, "system_user": entry.system_user}
    stored["time"] = format_utc(times.now_ms)
    plain: dict[str, Any] = _plain(stored if entry.rows is None else {**stored, "rows": entry.rows})
    return plain


def _plain(value: Any) -> Any:
    """The value with backslashes for bytes that are no UTF-8, such as those of file names."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {_plain(name): _plain(item) for name, item in value.items()}
        case _:
            return value
