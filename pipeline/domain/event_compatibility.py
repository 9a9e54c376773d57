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

_NAME: Final = re.compile(r"[a-z_]{1,40}")
_MOST_NAMES: Final = 5


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
            f"it has schema version {version}, and this program of version {SCHEMA_VERSION} cannot read it: "
            "update the program, then replay"
        )
        self.version = version


class UnknownFields(ValueError):
    """The event claims a version that this program knows, and has fields that this version does not have."""


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
            raise UnknownFields(_names(read.ignored)) from None
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


def _names(fields: tuple[str, ...]) -> str:
    """Names of fields for an error; others than names of ours could hold anything."""
    shown = sorted({name if _NAME.fullmatch(name) else "…" for name in fields})[:_MOST_NAMES]
    return f"it has fields that its version does not have: {', '.join(shown)}"
