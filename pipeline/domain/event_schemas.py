"""JSON Schemas of the events, for those who read the topics and files."""

from __future__ import annotations

from typing import Final

import msgspec

from pipeline.domain.events import (
    SCHEMA_VERSION,
    AlertEvent,
    BaseEvent,
    CountEvent,
    HealthEvent,
    Kind,
    PlateReadEvent,
    TrackEvent,
)

TYPES: Final[dict[Kind, type[BaseEvent]]] = {
    Kind.PLATE_READ: PlateReadEvent,
    Kind.TRACK: TrackEvent,
    Kind.COUNT: CountEvent,
    Kind.ALERT: AlertEvent,
    Kind.HEALTH: HealthEvent,
}


def schema_of(kind: Kind) -> tuple[str, str]:
    """File name and text of a kind's schema (JSON Schema 2020-12), of this version of the events."""
    (found,), components = msgspec.json.schema_components([TYPES[kind]], ref_template="#/$defs/{name}")
    name = f"{kind.value}.v{SCHEMA_VERSION}.json"
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:viapublica:event:{kind.value}:{SCHEMA_VERSION}",
        **found,
        "$defs": components,
    }
    return name, msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
