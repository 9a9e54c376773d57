"""Compatibility of events between program versions: reading events that a newer program wrote.

The rule for changes of an event's fields:

- Every change raises `SCHEMA_VERSION`.
- A field may be added. Programs of older versions accept the event, ignore the field, and count such events.
- A field never changes type, unit or meaning under its name. One that has to is removed, and a new one is added.
  Programs of older versions cannot read such an event: it goes to the dead letters, to be replayed after an update.
- A new kind of event is unknown to programs of older versions: dead letter as well.

A field that is unknown although the event claims a known version is no change of ours: such an event is refused.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from pipeline.domain.events import EVENT_TYPES, SCHEMA_VERSION, Event, Kind, decode
from pipeline.domain.plural import counted

_OWN_WORDS: Final = re.compile(
    r"Object missing required field `[a-z0-9_]+`|Expected `[a-z0-9 |]+`, got `[a-z]+`|Invalid (?:UUID|enum value)"
    r"|Expected `[a-z]+` (?:matching regex|of length)|JSON is malformed|Input data was truncated"
)
"""Beginnings of messages of the JSON decoder, up to what they quote of the event."""
_PLACE: Final = re.compile(r" - at `\$\.([a-z0-9_]+)`")
_FIELDS: Final = frozenset(name for event in EVENT_TYPES.values() for name in event.__struct_fields__) | {"kind"}
_GREATEST_VERSION: Final = 2**16 - 1


class ReadEvent(NamedTuple):
    """An event, and the names of the fields of a newer version that were ignored."""

    event: Event
    ignored: tuple[str, ...] = ()


class NewerEvent(ValueError):
    """The event is of a newer version than this program, and does not have all the fields that this program needs.

    Args:
        version: schema version of the event.
    """

    def __init__(self, version: int) -> None:
        super().__init__(
            f"it has {_shown_version(version)}, and this program of version {SCHEMA_VERSION} cannot read it: "
            "update the program, then replay"
        )


class UnknownFields(ValueError):
    """The event claims a version that this program knows, and has fields that this version does not have."""


def why_unreadable(error: Exception) -> str:
    """Why bytes are no event, in words of this program and names of its fields only: the bytes could hold anything.

    Args:
        error: raised by `read_event`.
    """
    if isinstance(error, NewerEvent | UnknownFields):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "it is not an event that this program knows: it is not UTF-8"
    words, place = _OWN_WORDS.match(str(error)), _PLACE.search(str(error))
    said = words[0] if words else "it has other fields or values"
    where = f", in {place[1]}" if place and place[1] in _FIELDS else ""
    return f"it is not an event that this program knows: {said}{where}"


class _Head(msgspec.Struct):
    kind: str = ""
    schema_version: int = 0


def read_event(data: bytes) -> ReadEvent:
    """The event in its JSON, of this or any compatible version.

    Raises:
        NewerEvent: a newer, incompatible version.
        UnknownFields: a known version with further fields.
        msgspec.MsgspecError, ValueError: it is no event, or a field is missing or has a wrong value.
    """
    try:
        return ReadEvent(decode(data))
    except msgspec.ValidationError as error:
        head = _head(data)
        newer = head is not None and head.schema_version > SCHEMA_VERSION
        try:
            read = _known_part(data)
        except (msgspec.MsgspecError, ValueError):
            raise (NewerEvent(head.schema_version) if head and newer else error) from None
        if not newer:
            raise UnknownFields(
                f"it has {counted(len(read.ignored), 'field')} that its version does not have"
            ) from None
        return read


def _head(data: bytes) -> _Head | None:
    try:
        return msgspec.json.decode(data, type=_Head)
    except (msgspec.MsgspecError, ValueError):
        return None


def _known_part(data: bytes) -> ReadEvent:
    fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    kind = Kind(msgspec.json.decode(fields.get("kind", b'""')))
    known = {"kind", *EVENT_TYPES[kind].__struct_fields__}
    part = {name: value for name, value in fields.items() if name in known}
    return ReadEvent(decode(msgspec.json.encode(part)), tuple(sorted(fields.keys() - known)))


def _shown_version(version: int) -> str:
    return f"schema version {version}" if version <= _GREATEST_VERSION else "a schema version beyond any"
