"""Dead letters: copies of messages that cannot be stored, without the plates that their cameras may not read."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Any, Final

import msgspec

from pipeline.domain.event_compatibility import read_event
from pipeline.domain.events import Kind, PlateReadEvent
from pipeline.domain.labels import PLATED_VEHICLES
from pipeline.policy.event_texts import bounded_texts, wrong_text
from pipeline.policy.gate import RefusalRule
from pipeline.policy.spelled_plates import spells_plate
from pipeline.sink.ingest.message_decoder import BadMessage
from pipeline.sink.ingest.message_fields import MessageFields, text_of, try_fields_of
from pipeline.sink.kafka.messages import Message, Received

COPY_HEADER: Final = "copy"
"""Header of dead letters whose value is not that of the message; see `Copy`."""

_VERSION: Final = re.compile(rb"[1-9][0-9]{0,4}")
_KINDS: Final = frozenset(kind.value.encode() for kind in Kind)
_VEHICLES: Final = frozenset(label.word for label in PLATED_VEHICLES) | {""}
_COPIED: Final[dict[str, Any]] = {
    field.name: field.type
    for field in msgspec.structs.fields(PlateReadEvent)
    if field.name not in {"plate", "plate_key", "stream_id", "vehicle"}
}
"""Fields of a forbidden plate read that cannot hold a text of the sender, with their types."""


class Copy(StrEnum):
    """What a dead letter has instead of the message's value. Neither can be replayed."""

    WITHOUT_PLATE = "without-plate"
    """The known fields of a plate read that have the right type, without the plate and other free texts."""
    DIGEST = "digest"
    """Size in bytes and SHA-256: it names no camera, or has a text that no event may hold: anything could be in it."""


def dead_letter(topic: str, message: Received, bad: BadMessage) -> Message:
    """A message for the topic of dead letters, with its origin and the reason; its key is the camera.

    The value is copied as it was, so that it can be replayed, except for plate reads that the camera's scope or
    surroundings forbid or whose camera is not declared, for texts that no event may hold, and for values that name no
    camera. Headers are copied if
    they are ours and have a valid value.
    """
    fields = try_fields_of(message.value)
    camera_id = text_of(fields, "camera_id") if fields is not None else None
    headers = [
        *((name, value) for name, value in message.headers if is_ours(name, value)),
        ("reason", bad.reason.encode()),
        ("source_topic", message.topic.encode()),
        ("source_partition", str(message.partition).encode()),
        ("source_offset", str(message.offset).encode()),
    ]
    value = message.value or b""
    if fields is None or camera_id is None or (bad.rule is RefusalRule.CAMERA and spells_plate(camera_id)):
        headers.append((COPY_HEADER, Copy.DIGEST.value.encode()))
        return Message(topic, digest(value), None, headers)
    key = camera_id.encode() or None
    if bad.rule in {RefusalRule.LABEL, RefusalRule.TEXT}:
        headers.append((COPY_HEADER, Copy.DIGEST.value.encode()))
        return Message(topic, digest(value), key if bad.camera_id else None, headers)
    if bad.rule is RefusalRule.PLATES or (bad.rule is RefusalRule.CAMERA and not _is_of_no_plate(value)):
        headers.append((COPY_HEADER, Copy.WITHOUT_PLATE.value.encode()))
        return Message(topic, without_plate(fields), key, headers)
    return Message(topic, value, key, headers)


def is_ours(name: str, value: bytes | None) -> bool:
    """Whether a header has a name and a value that our engines send."""
    if value is None:
        return False
    return (name == "kind" and value in _KINDS) or (name == "schema_version" and _VERSION.fullmatch(value) is not None)


def digest(value: bytes) -> bytes:
    """Size and SHA-256 of a value, as JSON."""
    return msgspec.json.encode({"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()})


def without_plate(fields: MessageFields) -> bytes:
    """The fields of an event that hold no text of its sender."""
    kind_text = text_of(fields, "kind") or ""
    copied: dict[str, Any] = {"kind": kind_text if kind_text.encode() in _KINDS else Kind.PLATE_READ.value}
    for name, kind in _COPIED.items():
        if name in fields:
            try:
                copied[name] = msgspec.json.decode(fields[name], type=kind)
            except (msgspec.MsgspecError, ValueError):
                continue
    vehicle = text_of(fields, "vehicle")
    if vehicle in _VEHICLES:
        copied["vehicle"] = vehicle
    return msgspec.json.encode(copied)


def _is_of_no_plate(value: bytes) -> bool:
    """Whether a value is an event of another kind than plate reads, with texts that an event may hold only."""
    try:
        event, ignored = read_event(value)
    except (ValueError, msgspec.MsgspecError):
        return False
    if ignored or isinstance(event, PlateReadEvent) or wrong_text(event):
        return False
    return bounded_texts(event, {*RefusalRule}.__contains__) is event
