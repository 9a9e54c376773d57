"""Insertion of an entry into a list of a YAML text; everything else, comments included, stays byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from pipeline.storage.yaml_document import BadDocument, parse_yaml

__all__ = ["LONGEST_LINE", "append_entry", "end_of", "entry_text", "plain", "value_of"]

LONGEST_LINE: Final = 10_000
"""Columns; long enough that no value is folded."""


def append_entry(text: str, key: str, entry: Mapping[str, Any]) -> str:
    """`text` with `entry` as the last of the list under the top-level `key`, in the layout of that list.

    Args:
        text: a YAML mapping; `key` is a list, or missing.
        key: of the list.
        entry: keys to scalars and lists, in order.

    Raises:
        BadDocument: `text` is no YAML mapping, or its layout does not allow the insertion.
    """
    if "\r\n" in text:
        return append_entry(text.replace("\r\n", "\n"), key, entry).replace("\n", "\r\n")
    before = plain(parse_yaml(text))
    node = value_of(text, key)
    if node is None:
        after = f"{text.rstrip()}\n\n{key}:\n{entry_text(entry, 2)}"
    elif not isinstance(node, SequenceNode):
        after = ""
    else:
        after = _into_flow(text, node, entry) if node.flow_style else _into_block(text, node, entry)
    # Anchors and aliases can put an entry elsewhere; the result is compared, not trusted.
    if not after or not _holds(after, before, key, entry):
        raise BadDocument(
            node.start_mark.line + 1 if node else 0,
            f"the layout of {key!r} allows no automatic insertion",
            f"Add it by hand:\n{entry_text(entry, 2)}",
        )
    return after


def _holds(after: str, before: Mapping[str, Any], key: str, entry: Mapping[str, Any]) -> bool:
    try:
        understood = plain(parse_yaml(after))
    except BadDocument:
        return False
    return bool(understood == {**before, key: [*(before.get(key) or []), dict(entry)]})


def entry_text(entry: Mapping[str, Any], indent: int) -> str:
    """The entry as lines of a block list whose dashes stand `indent` columns in."""
    lines = [line for key, value in entry.items() for line in _dumped(key, value)]
    return "".join(f"{' ' * indent}{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def _dumped(key: str, value: Any) -> list[str]:
    yaml = YAML(typ="safe", pure=True)
    yaml.width, yaml.allow_unicode, yaml.default_flow_style = LONGEST_LINE, True, None
    stream = StringIO()
    yaml.dump({key: value}, stream)
    text = stream.getvalue().rstrip("\n")
    # A mapping of scalars alone is written in braces.
    return (text[1:-1] if text.startswith("{") else text).split("\n")


def value_of(text: str, key: str) -> Node | None:
    """The node of a top-level key, with its place in the text; None where there is none."""
    root = YAML(typ="rt", pure=True).compose(StringIO(text))
    if not isinstance(root, MappingNode):
        return None
    found = [value for name, value in root.value if name.value == key]
    return found[0] if found else None


def _into_flow(text: str, node: SequenceNode, entry: Mapping[str, Any]) -> str:
    member = json.dumps(entry, ensure_ascii=False)
    if not node.value:
        at = text.index("[", node.start_mark.index) + 1
        return f"{text[:at]}{member}{text[at:]}"
    at = node.value[-1].end_mark.index
    return f"{text[:at]}, {member}{text[at:]}"


def _into_block(text: str, node: SequenceNode, entry: Mapping[str, Any]) -> str:
    indent = node.start_mark.column
    at = end_of(node.value[-1])
    if text[at - 1 : at] != "\n":
        line_end = text.find("\n", at)
        if line_end < 0:
            text, line_end = f"{text}\n", len(text)
        at = line_end + 1
    # Comments that are indented below the last entry belong to it.
    while (line := text[at:].partition("\n")[0]).lstrip().startswith("#") and len(line) - len(line.lstrip()) > indent:
        at += len(line) + 1
    return f"{text[:at]}{entry_text(entry, indent)}{text[at:]}"


def end_of(node: Node) -> int:
    """Index behind the last character of a node; block collections of the parser reach to the next token."""
    if not isinstance(node, SequenceNode | MappingNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return end_of(last[1] if isinstance(last, tuple) else last)


def plain(node: Any) -> Any:
    """Dicts and lists of a parsed document, without comments and layout."""
    if isinstance(node, Mapping):
        return {str(key): plain(value) for key, value in node.items()}
    return [plain(value) for value in node] if isinstance(node, list) else node
