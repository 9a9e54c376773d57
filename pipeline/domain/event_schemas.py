"""JSON Schemas of the events, for readers of topics and files."""

from __future__ import annotations

import msgspec

from pipeline.domain.events import EVENT_TYPES, SCHEMA_VERSION, Kind


def schema_of(kind: Kind) -> tuple[str, str]:
    """File name and text of a kind's schema (JSON Schema 2020-12), of this version of the events."""
    (found,), components = msgspec.json.schema_components([EVENT_TYPES[kind]], ref_template="#/$defs/{name}")
    name = f"{kind.value}.v{SCHEMA_VERSION}.json"
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:viapublica:event:{kind.value}:{SCHEMA_VERSION}",
        **found,
        "$defs": components,
    }
    return name, msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
