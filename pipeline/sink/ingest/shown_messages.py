"""Messages of a topic as they may be shown to people: through the policy gate, without withheld plates."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from pipeline.domain.event_compatibility import read_event
from pipeline.domain.events import ENGINE_ID, encode
from pipeline.policy.detail_words import DETAIL_WORDS
from pipeline.policy.gate import Gate, Refusal
from pipeline.sink.ingest.dead_letters import COPY_HEADER, is_ours
from pipeline.sink.ingest.message_fields import text_of, try_fields_of
from pipeline.sink.kafka.messages import Received
from pipeline.sink.kafka.topics import DEAD_LETTERS
from pipeline.sink.payload_digest import digest, is_digest

_WORD: Final = re.compile(r"[^\W_]+")
_OF_REASONS: Final = DETAIL_WORDS | {"law", "decree", "lgpd"}
_OF_DEAD_LETTERS: Final = frozenset({"reason", "source_topic", "source_partition", "source_offset", COPY_HEADER})


class ShownMessage(NamedTuple):
    """The part of a message that may be shown: declared camera or "", headers of ours, value; whether more was sent."""

    camera_id: str
    headers: dict[str, str]
    value: str
    withheld: bool


def shown_message(message: Received, gate: Gate) -> ShownMessage:
    """A message as it may be shown, whatever its topic: an event that the gate admits, else size and SHA-256 only.

    Args:
        message: of any topic.
        gate: knows the configured and the declared cameras.
    """
    value = message.value or b""
    fields = try_fields_of(value)
    camera_id = (text_of(fields, "camera_id") or "") if fields else ""
    shown = None if value and fields is None else _value(value, gate)
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


def holds_only_admitted(message: Received, gate: Gate) -> bool:
    """Whether a dead letter holds nothing but what it may hold now.

    That is a digest or an event as the gate admits it, a declared camera as its key, and a reason in known words.
    """
    value = message.value or b""
    shown = _value(value, gate) if not value or is_digest(value) or try_fields_of(value) is not None else None
    if shown is None or (shown != value and try_fields_of(shown) != try_fields_of(value)):
        return False
    key, reason = (message.key or b"").decode(errors="replace"), message.header_texts().get("reason", "")
    known = not key or key == ENGINE_ID or gate.knows(key)
    names = all(is_ours(name, content) or name in _OF_DEAD_LETTERS for name, content in message.headers)
    words = [word.casefold() for word in _WORD.findall(reason)]
    return known and names and all(word in _OF_REASONS or (word.isdecimal() and len(word) < 7) for word in words)


def _value(value: bytes, gate: Gate) -> bytes | None:
    """The value as it may be shown; None for none."""
    if not value or is_digest(value):
        return value
    try:
        admitted = gate.admit_stored(read_event(value).event)
    except (ValueError, msgspec.MsgspecError):
        return None
    return None if isinstance(admitted, Refusal) else encode(admitted)
