"""Spools of a data folder: contents, damage, replay of delivered events, and trimming."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.event_compatibility import read_event, why_unreadable
from pipeline.domain.events import encode, kind_of
from pipeline.domain.operation import Operation
from pipeline.errors import ViapublicaError
from pipeline.policy.gate import Gate, Refusal
from pipeline.sink.payload_digest import digest
from pipeline.sink.spool.inspect_spool import Summary, acked, spool_of, spools, summary, walk
from pipeline.sink.spool.record_format import Record
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.storage.declared_cameras import DeclaredCameras

__all__ = [
    "Replay",
    "SpoolCheck",
    "SpoolDamage",
    "SpooledEvent",
    "Summary",
    "Trimmed",
    "check_spools",
    "list_spools",
    "replay_spool",
    "spooled_events",
    "trim_spool",
]


@dataclass(frozen=True, slots=True)
class SpoolDamage:
    """Bytes of a spool that are no record, or events that are missing from it.

    Attributes:
        sink: whose spool.
        segment: file name; "" for missing events.
        from_byte, to_byte: of the file; 0 for missing events.
        what: the kind of damage.
    """

    sink: str
    segment: str
    from_byte: int
    to_byte: int
    what: str


@dataclass(frozen=True, slots=True)
class SpoolCheck:
    """Spools whose every record was read: how many, and their damage."""

    checked: int
    damage: Sequence[SpoolDamage]


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """An event on disk.

    Attributes:
        offset: its number in the spool.
        accepted_ms: milliseconds since 1970 UTC.
        event: the event as JSON; of what is no event, or may not be stored now, its digest or id and the reason.
    """

    offset: int
    accepted_ms: int
    event: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """The offset from which the next run sends again, and how many events that are."""

    offset: int
    events: int


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Bytes that a trim removed, and undelivered events among them."""

    size: int
    undelivered: int


def list_spools(data_dir: Path) -> list[Summary]:
    """Contents of every spool, by name of the sink; also while a run writes to it.

    Raises:
        SinkError: a segment cannot be read.
    """
    return [summary(folder)[0] for folder in spools(data_dir)]


def check_spools(data_dir: Path, sinks: Sequence[str] = ()) -> SpoolCheck:
    """Read every record of some spools, or of all, and check its checksum.

    Raises:
        SinkError: a sink has no spool, or a segment cannot be read.
    """
    folders = [spool_of(data_dir, sink) for sink in sinks] if sinks else spools(data_dir)
    damage: list[SpoolDamage] = []
    for folder in folders:
        found, places = summary(folder)
        damage += [SpoolDamage(folder.name, path.name, place.start, place.end, place.reason) for path, place in places]
        if found.missing:
            damage.append(SpoolDamage(folder.name, "", 0, 0, f"{found.missing} missing"))
    return SpoolCheck(len(folders), damage)


def spooled_events(
    stores: ConfiguredStores, sink: str, *, pending: bool = False, start: int = 0, limit: int | None = None
) -> Iterator[SpooledEvent]:
    """Events of a spool in order, without those that were erased; of what policy refuses now, id, kind and time only.

    Args:
        stores: of the data folder; sink: whose spool.
        pending: only what is not delivered.
        start: from this offset on.
        limit: so many at most.

    Raises:
        SinkError: the sink has no spool, or a segment cannot be read.
        ConfigError: the declarations of the data folder cannot be read.
        AuditUnavailable: the audit takes no record.
    """
    data_dir = stores.data_dir
    folder = spool_of(data_dir, sink)
    details = {"action": "spool-events", "sink": sink, "pending": pending}
    audit_of_stores(stores).add(Operation.BULK_QUERY, details=details)
    gate = Gate({}, DeclaredCameras(data_dir).cameras(), subjects=[one.name for one in folder.parent.iterdir()])
    first = max(start, acked(folder) if pending else 0)
    records = (found.item for found in walk(folder) if isinstance(found.item, Record) and found.item.offset >= first)
    for record in islice((record for record in records if not record.erased), limit):
        yield SpooledEvent(record.offset, record.written_ms, _content(record, gate))


def replay_spool(
    stores: ConfiguredStores, sink: str, *, offset: int | None = None, since_ms: int | None = None
) -> Replay:
    """Have the next run send delivered events again, which the spool retains for `spool.retain_s`.

    Args:
        stores: of the data folder; sink: whose spool.
        offset: first event to send; an offset beyond what is pending changes nothing.
        since_ms: or the first event that was accepted then or later, milliseconds since 1970 UTC.

    Raises:
        SinkError: the sink has no spool, or a run owns it.
        ViapublicaError: no event was accepted since then.
        AuditUnavailable: the audit takes no record.
    """
    folder = spool_of(stores.data_dir, sink)
    first = offset if offset is not None else _offset_at(folder, since_ms or 0)
    audit, details = audit_of_stores(stores), {"action": "replay-spool", "sink": sink, "offset": first}
    with audit.doing(Operation.TRANSMISSION, details=details), closing(Spool(sink, folder, SpoolSettings())) as spool:
        spool.rewind(first)
        status = spool.status()
    return Replay(status.acked, status.pending)


def trim_spool(stores: ConfiguredStores, sink: str, *, undelivered: bool = False) -> Trimmed:
    """Delete delivered events now instead of after `spool.retain_s`.

    Args:
        stores: of the data folder; sink: whose spool.
        undelivered: also delete what is not delivered.

    Raises:
        SinkError: the sink has no spool, or a run owns it.
        AuditUnavailable: the audit takes no record.
    """
    folder = spool_of(stores.data_dir, sink)
    audit, details = audit_of_stores(stores), {"action": "trim-spool", "sink": sink, "undelivered": undelivered}
    with audit.doing(Operation.DISPOSAL, details=details), closing(Spool(sink, folder, SpoolSettings())) as spool:
        before = spool.status()
        if undelivered:
            spool.acknowledge(before.next_offset)
        spool.trim()
        after = spool.status()
    return Trimmed(before.size - after.size, before.pending - after.pending)


def _offset_at(folder: Path, since_ms: int) -> int:
    """Offset of the first event accepted then or later."""
    for found in walk(folder):
        if isinstance(found.item, Record) and found.item.written_ms >= since_ms:
            return found.item.offset
    raise ViapublicaError(f"spool {folder.name}", "holds no event since then", "See `viapublica spool ls`")


def _content(record: Record, gate: Gate) -> Any:
    """The event as it may be stored now; else why not, with what can hold no text of its sender."""
    try:
        event = read_event(record.payload).event
    except (ValueError, msgspec.MsgspecError) as error:
        return {**json.loads(digest(record.payload)), "withheld": why_unreadable(error)}
    admitted = gate.admit_stored(event)
    if isinstance(admitted, Refusal):
        known = {"event_id": str(event.event_id), "kind": kind_of(event).value, "ts_ms": event.ts_ms}
        return {**known, "withheld": admitted.reason}
    return json.loads(encode(admitted))
