"""Fields of a message's JSON, before any check of their names, types and values."""

from __future__ import annotations

import json
from typing import TypeAlias

import msgspec

MessageFields: TypeAlias = dict[str, msgspec.Raw]


class _Twice(Exception):
    """An object has a name twice."""


def try_fields_of(value: bytes | None) -> MessageFields | None:
    """The fields of a value; None when it is no JSON object, or has a name twice and so two readings."""
    try:
        fields = msgspec.json.decode(value or b"", type=MessageFields)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return None if has_name_twice(value or b"") else fields


def has_name_twice(value: bytes) -> bool:
    """Whether an object in a JSON text has two members of one name: programs differ in which of them they read."""
    try:
        json.loads(value, object_pairs_hook=_checked)
    except _Twice:
        return True
    except (ValueError, RecursionError):
        pass
    return False


def text_of(fields: MessageFields, name: str) -> str | None:
    """A field's text; None when it is missing or no text."""
    try:
        return msgspec.json.decode(fields[name], type=str)
    except (KeyError, msgspec.MsgspecError, ValueError):
        return None


def _checked(members: list[tuple[str, object]]) -> None:
    if len({name for name, _ in members}) < len(members):
        raise _Twice
