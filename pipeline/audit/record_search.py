"""Search of a log by person, operation, outcome, camera, time, case, and plate (with the auditor's key)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.audit.log_records import records_after
from pipeline.audit.seal import next_key, plate_hash
from pipeline.domain.times import format_utc

_PEOPLE: Final = ("account", "system_user", "institution")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuestion:
    """What records are searched for; empty fields do not limit.

    Attributes:
        person: account, user of the operating system, or institution.
        operation, outcome, case, number, purpose: of the record.
        camera: one of the record's; records of all cameras match, too.
        start_ms, end_ms: of the records' times, milliseconds since 1970 UTC; the end is not included.
        plate: in any writing; needs the key.
    """

    person: str = ""
    operation: str = ""
    outcome: str = ""
    case: str = ""
    number: str = ""
    purpose: str = ""
    camera: str = ""
    start_ms: int | None = None
    end_ms: int | None = None
    plate: str = ""

    def matches(self, fields: Mapping[str, Any]) -> bool:
        """Whether a record is one of those, except for its plates."""
        exact = ("operation", "outcome", "case", "number", "purpose")
        if any(getattr(self, name) and fields.get(name, "") != getattr(self, name) for name in exact):
            return False
        if self.person and self.person not in {fields.get(name) for name in _PEOPLE}:
            return False
        cameras = fields.get("cameras", ())
        if self.camera and cameras and self.camera not in cameras:
            return False
        time = str(fields["time"])
        begins = self.start_ms is None or time >= format_utc(self.start_ms)
        return begins and (self.end_ms is None or time < format_utc(self.end_ms))


def search_records(folder: Path, question: RecordQuestion, key: bytes | None = None) -> Iterator[dict[str, Any]]:
    """The records that match, oldest first. What was changed is not found: verify first.

    Args:
        folder: of the log.
        question: what is searched for.
        key: the auditor's; only with it plates can be compared.

    Raises:
        OSError: a segment cannot be read.
    """
    at = 1
    for record in records_after(folder):
        if question.plate and key is not None:
            for _ in range(record.line.sequence - at):
                key = next_key(key)
            at = record.line.sequence
        fields = record.line.fields
        if question.matches(fields) and (not question.plate or _has_plate(fields, question.plate, key)):
            yield fields


def _has_plate(fields: Mapping[str, Any], plate: str, key: bytes | None) -> bool:
    return key is not None and plate_hash(key, plate) in fields.get("plates", ())
