"""Fields of a message's JSON, before any check of their names, types and values."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

MessageFields: TypeAlias = dict[str, msgspec.Raw]


def try_fields_of(value: bytes | None) -> MessageFields | None:
    """The fields of a value; None when it is no JSON object."""
    try:
        return msgspec.json.decode(value or b"", type=MessageFields)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def text_of(fields: MessageFields, name: str) -> str | None:
    """A field's text; None when it is missing or no text."""
    try:
        return msgspec.json.decode(fields[name], type=str)
    except (KeyError, msgspec.MsgspecError, ValueError):
        return None
