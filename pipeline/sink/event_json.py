"""JSON of events for spools, brokers and files, checked for what JSON cannot express."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import EVENT_TYPES, Event, encode

_FLOATS: Final = {
    event_type: tuple(field.name for field in msgspec.structs.fields(event_type) if field.type in (float, float | None))
    for event_type in EVENT_TYPES.values()
}


def to_json(event: Event) -> bytes:
    """Compact JSON that `pipeline.domain.events.decode` takes back.

    Raises:
        EventRefused: a number that is not finite (JSON has none) or a text that is not Unicode.
    """
    for name in _FLOATS[type(event)]:
        value = getattr(event, name)
        if value is not None and not math.isfinite(value):
            raise EventRefused(str(event.event_id), f"{name} is not a finite number")
    try:
        return encode(event)
    except ValueError as error:
        raise EventRefused(str(event.event_id), f"it cannot be written as JSON: {error}") from error
