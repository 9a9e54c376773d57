"""Ids of events: a hash of what the event says, and a number.

Two events have one id only if they say the same. An event that arrives under the id of another one is recognized by
itself, without a search for the other one. The hash has 106 bits of SHA-256; what it is made of includes
measured numbers (confidences, boxes, paths), so that a plate cannot be found by trying all of them.
"""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from pipeline.domain.events import Event, encode

UNIDENTIFIED: Final = uuid.UUID(int=0)
"""Id of an event that is being made, see `identified`."""
_DIGEST_BYTES: Final = 14
_SEQUENCE_MASK: Final = 0xFFFF
_VERSION_8: Final = 8 << 76
_VARIANT: Final = 0x8 << 60
_FIXED_BITS: Final = 0xF << 76 | 0xC << 60

E = TypeVar("E", bound=Event)


def identified(event: E, sequence: int = 0) -> E:
    """The event with its id, a UUID of version 8 (RFC 9562).

    Args:
        event: whose present id does not matter.
        sequence: distinguishes events that say the same and are to be counted each, such as two reports of one minute.
    """
    return msgspec.structs.replace(event, event_id=_id_of(encode(event), event.event_id, sequence))


def sequence_of(event_id: uuid.UUID) -> int:
    """The number in an id."""
    return event_id.int & _SEQUENCE_MASK


def is_own_id(event_id: uuid.UUID, data: bytes) -> bool:
    """Whether an id is that of the event in this JSON.

    Args:
        event_id: the id in the JSON.
        data: as `pipeline.domain.events.encode` writes it, by this or a newer version of the program.
    """
    return _id_of(data, event_id, sequence_of(event_id)) == event_id


def _id_of(data: bytes, present: uuid.UUID, sequence: int) -> uuid.UUID:
    said = data.replace(f'"event_id":"{present}"'.encode(), f'"event_id":"{UNIDENTIFIED}"'.encode(), 1)
    number = int.from_bytes(sha256(said).digest()[:_DIGEST_BYTES], "big") << 16
    return uuid.UUID(int=number & ~_FIXED_BITS | _VERSION_8 | _VARIANT | sequence & _SEQUENCE_MASK)
