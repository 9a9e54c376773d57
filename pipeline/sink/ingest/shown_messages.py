"""Messages of a topic as they may be shown to people: through the policy gate, without withheld plates."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from pipeline.domain.event_compatibility import read_event
from pipeline.domain.events import ENGINE_ID, encode
from pipeline.policy.gate import Gate, Refusal
from pipeline.sink.ingest.dead_letters import COPY_HEADER, digest, is_ours, without_plate
from pipeline.sink.ingest.message_fields import MessageFields, text_of, try_fields_of
from pipeline.sink.kafka.messages import Received
from pipeline.sink.kafka.topics import DEAD_LETTERS

_OF_DEAD_LETTERS: Final = frozenset({"reason", "source_topic", "source_partition", "source_offset", COPY_HEADER})


class ShownMessage(NamedTuple):
    """The part of a message that may be shown: declared camera or "", headers of ours, value; whether more was sent."""

    camera_id: str
    headers: dict[str, str]
    value: str
    withheld: bool


class _Digest(msgspec.Struct, forbid_unknown_fields=True):
    """The value of dead letters that are copied as a digest."""

    bytes: int
    sha256: str


def shown_message(message: Received, gate: Gate) -> ShownMessage:
    """A message as it may be shown: no plate of a camera that may read none, or that is not known, whatever its topic.

    Args:
        message: of any topic.
        gate: knows the configured and the declared cameras.
    """
    value = message.value or b""
    fields = try_fields_of(value)
    camera_id = (text_of(fields, "camera_id") or "") if fields else ""
    shown = _value(value, fields, camera_id, gate)
    dead = message.topic.endswith(f".{DEAD_LETTERS}")
    headers = {
        name: (content or b"").decode(errors="replace")
        for name, content in message.headers
        if is_ours(name, content) or (dead and name in _OF_DEAD_LETTERS)
    }
    known = camera_id == ENGINE_ID or gate.knows(camera_id)
    text = (digest(value) if shown is None else shown).decode(errors="replace")
    withheld = shown != value and (shown is None or try_fields_of(shown) != fields)
    return ShownMessage(camera_id if known else "", headers, text, withheld)


def _value(value: bytes, fields: MessageFields | None, camera_id: str, gate: Gate) -> bytes | None:
    """The value or the part of it that may be shown; None for none."""
    if not value:
        return value
    if fields is None or not camera_id:
        return value if _is_digest(value) else None
    try:
        event = read_event(value).event
    except (ValueError, msgspec.MsgspecError):
        return value if gate.knows(camera_id) and not gate.why_no_plates(camera_id) else _part(fields, camera_id, gate)
    admitted = gate.admit_stored(event)
    return _part(fields, camera_id, gate) if isinstance(admitted, Refusal) else encode(admitted)


def _part(fields: MessageFields, camera_id: str, gate: Gate) -> bytes | None:
    return without_plate(fields) if gate.knows(camera_id) else None


def _is_digest(value: bytes) -> bool:
    try:
        found = msgspec.json.decode(value, type=_Digest)
    except (msgspec.MsgspecError, ValueError):
        return False
    return re.fullmatch(r"[0-9a-f]{64}", found.sha256) is not None
