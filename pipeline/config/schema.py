"""The JSON Schema of the configuration, and the explanation of its keys made from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12); editors complete and check YAML with it."""
    schema = model.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def keys_at(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Names of the keys that may stand at a place such as ``("cameras", 0)``."""
    schema = model.model_json_schema()
    nodes = [schema]
    for part in location:
        nodes = [child for node in nodes for child in _children(schema, node, part)]
    return sorted({key for node in nodes for key in _resolved_properties(schema, node)})


def _variants(schema: dict[str, Any], node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`node` with references followed and unions opened."""
    if "$ref" in node:
        yield from _variants(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[1]])
        return
    yield node
    for group in ("anyOf", "oneOf", "allOf"):
        for variant in node.get(group, []):
            yield from _variants(schema, variant)


def _resolved_properties(schema: dict[str, Any], node: dict[str, Any]) -> list[str]:
    return [key for variant in _variants(schema, node) for key in variant.get("properties", {})]


def _children(schema: dict[str, Any], node: dict[str, Any], part: int | str) -> Iterator[dict[str, Any]]:
    for variant in _variants(schema, node):
        if isinstance(part, int) and "items" in variant:
            yield variant["items"]
        elif part in variant.get("properties", {}):
            yield variant["properties"][part]
        elif part in variant.get("discriminator", {}).get("mapping", {}):
            yield {"$ref": variant["discriminator"]["mapping"][part]}


def explain(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Rows (key, type, default, meaning) of every key below `prefix`, in file order; brackets may be left out."""
    schema = model.model_json_schema()
    yield from (
        row for row in _rows(schema, schema, "") if _without_brackets(row[0]).startswith(_without_brackets(prefix))
    )


def _without_brackets(key: str) -> str:
    """``cameras[].masks`` as ``cameras.masks``."""
    return key.replace("[]", "")


def _rows(schema: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[tuple[str, str, str, str]]:
    for variant in _variants(schema, node):
        tag = _tag(variant)
        for key, child in variant.get("properties", {}).items():
            here = f"{path}{tag}.{key}" if path else key
            required = key in variant.get("required", [])
            yield here, _type(schema, child), "required" if required else _default(child), _meaning(child)
            yield from _rows(schema, _below(schema, child), here + ("[]" if _is_list(schema, child) else ""))


def _tag(variant: dict[str, Any]) -> str:
    const = variant.get("properties", {}).get("type", {}).get("const")
    return f"({const})" if const else ""


def _is_list(schema: dict[str, Any], child: dict[str, Any]) -> bool:
    return any("items" in variant for variant in _variants(schema, child))


def _below(schema: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    for variant in _variants(schema, child):
        if isinstance(variant.get("items"), dict):
            return dict(variant["items"])
    return child


def _type(schema: dict[str, Any], child: dict[str, Any]) -> str:
    names: list[str] = []
    for variant in _variants(schema, child):
        if "enum" in variant:
            names.append(" | ".join(map(str, variant["enum"])))
        elif "const" in variant:
            names.append(str(variant["const"]))
        elif "items" in variant:
            names.append("list")
        elif "properties" in variant:
            names.append("section")
        elif "type" in variant:
            names.append(str(variant.get("format") or variant["type"]))
    return " | ".join(dict.fromkeys(names)) or "any"


def _default(child: dict[str, Any]) -> str:
    value = child.get("default")
    return "" if value is None or value == {} else str(value)


def _meaning(child: dict[str, Any]) -> str:
    title, description = child.get("title", ""), child.get("description", "")
    return f"{title}. {description}" if title and description else str(title or description)
