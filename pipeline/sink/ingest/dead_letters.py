"""Dead letters: messages that cannot be stored, copied only where an event of ours is in them that may be retained."""

from __future__ import annotations

import re
from typing import Final

from pipeline.domain.events import Kind, encode
from pipeline.sink.ingest.message_decoder import BadMessage
from pipeline.sink.kafka.messages import Message, Received
from pipeline.sink.payload_digest import digest

COPY_HEADER: Final = "copy"
"""Header of dead letters that have something else instead of the message's value; they cannot be replayed."""
DIGEST: Final = "digest"
"""Value of that header: the size in bytes and the SHA-256 of the message's value."""

_VERSION: Final = re.compile(rb"[1-9][0-9]{0,4}")
_KINDS: Final = frozenset(kind.value.encode() for kind in Kind)


def dead_letter(topic: str, message: Received, bad: BadMessage) -> Message:
    """A message for the topic of dead letters, with its origin and the reason; its key is the camera, if it is known.

    The event is copied, so that it can be replayed, if the policy gate admits it: then every text in it is one that
    may be stored. Of all other messages only a digest is copied, since anything could be in them. Headers are copied
    if they are ours and have a valid value.
    """
    headers = [
        *((name, value) for name, value in message.headers if is_ours(name, value)),
        ("reason", bad.reason.encode()),
        ("source_topic", message.topic.encode()),
        ("source_partition", str(message.partition).encode()),
        ("source_offset", str(message.offset).encode()),
    ]
    key = bad.camera_id.encode() or None
    if bad.event is not None:
        return Message(topic, encode(bad.event), key, headers)
    headers.append((COPY_HEADER, DIGEST.encode()))
    return Message(topic, digest(message.value or b""), key, headers)


def is_ours(name: str, value: bytes | None) -> bool:
    """Whether a header has a name and a value that our engines send."""
    if value is None:
        return False
    return (name == "kind" and value in _KINDS) or (name == "schema_version" and _VERSION.fullmatch(value) is not None)
