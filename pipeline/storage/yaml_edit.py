"""New values for keys of one entry of a list in a YAML text; all else stays byte for byte, comments included.

Within a changed value, comments of what is left unchanged stay (ruamel.yaml's round trip).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from pipeline.storage.yaml_document import BadDocument, parse_yaml
from pipeline.storage.yaml_insert import LONGEST_LINE, end_of, plain, value_of

_INDENT: Final = 2


def set_values(text: str, key: str, index: int, values: Mapping[str, Any]) -> str:
    """`text` in which an entry of the list under the top-level `key` has these values.

    Args:
        text: a YAML mapping; `key` is a list of mappings.
        key: of the list; index: of the entry.
        values: by key of the entry; plain mappings, lists and scalars. Keys that are not in it stay.

    Raises:
        BadDocument: `text` is no YAML mapping, or its layout does not allow the change.
    """
    if "\r\n" in text:
        return set_values(text.replace("\r\n", "\n"), key, index, values).replace("\n", "\r\n")
    before = plain(parse_yaml(text))
    entry = before[key][index]
    after = text
    for name, value in values.items():
        if entry.get(name) != value:
            after = _with_value(after, key, index, name, value)
    entry.update(values)
    # Anchors and aliases can put a value elsewhere; the result is compared, not trusted.
    if not _means(after, before):
        raise BadDocument(
            _entry_node(text, key, index).start_mark.line + 1,
            f"the layout of {key}[{index}] allows no automatic change",
            f"Change it by hand:\n{_dumped({name: values[name] for name in values}, _layout(None, 0))}",
        )
    return after


def _means(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return bool(plain(parse_yaml(text)) == expected)
    except BadDocument:
        return False


def _entry_node(text: str, key: str, index: int) -> Node:
    listed = value_of(text, key)
    assert isinstance(listed, SequenceNode)  # noqa: S101 - the text was parsed, and has the entry
    found: Node = listed.value[index]
    return found


def _with_value(text: str, key: str, index: int, name: str, value: Any) -> str:
    entry = _entry_node(text, key, index)
    if not isinstance(entry, MappingNode) or not entry.value:
        return text
    held = next(((k, v) for k, v in entry.value if k.value == name), None)
    if entry.flow_style:
        written = json.dumps(value, ensure_ascii=False)
        if held is None:
            at = entry.value[-1][1].end_mark.index
            return f"{text[:at]}, {name}: {written}{text[at:]}"
        return f"{text[: held[1].start_mark.index]}{written}{text[held[1].end_mark.index :]}"
    column = entry.start_mark.column
    if held is None:
        at = _end_of_lines(text, end_of(entry), column)
        added = _indented(_dumped({name: _styled(value)}, _layout(None, column)), column)
        line = text if text[at - 1 : at] == "\n" else f"{text}\n"
        at = max(at, len(line) - len(text) + at)
        return f"{line[:at]}{' ' * column}{added}{line[at:]}"
    begin, end = held[0].start_mark.index, _end_of_lines(text, end_of(held[1]), column)
    fragment = _dedented(text[begin:end], column)
    tree = _round_trip(_layout(held[1], column)).load(fragment)
    _update_item(tree, name, value)
    return f"{text[:begin]}{_indented(_dumped(tree, _layout(held[1], column)), column)}{text[end:]}"


def _end_of_lines(text: str, at: int, column: int) -> int:
    """Index of the first line behind a value and the comments that are indented deeper than its key."""
    if text[at - 1 : at] != "\n":
        line_end = text.find("\n", at)
        at = len(text) if line_end < 0 else line_end + 1
    while (line := text[at:].partition("\n")[0]).lstrip().startswith("#") and len(line) - len(line.lstrip()) > column:
        at = min(at + len(line) + 1, len(text))
    return at


def _dedented(fragment: str, column: int) -> str:
    """Lines of a value, less the columns of its key; the first line begins at the key."""
    first, *others = fragment.split("\n")
    return "\n".join([first, *(line[min(column, len(line) - len(line.lstrip())) :] for line in others)])


def _indented(fragment: str, column: int) -> str:
    first, *others = fragment.split("\n")
    return "\n".join([first, *(f"{' ' * column}{line}" if line else "" for line in others)])


def _layout(value: Node | None, column: int) -> tuple[int, int]:
    """Columns of mappings and of dashes, as the block collections of a value have them."""
    mapping, dash = _INDENT, _INDENT
    if isinstance(value, MappingNode) and not value.flow_style and value.value:
        mapping = value.start_mark.column - column
        for name, below in value.value:
            if isinstance(below, SequenceNode) and not below.flow_style:
                dash = below.start_mark.column - name.start_mark.column
    elif isinstance(value, SequenceNode) and not value.flow_style:
        dash = value.start_mark.column - column
    return max(mapping, 1), max(dash, 0)


def _round_trip(layout: tuple[int, int]) -> YAML:
    mapping, dash = layout
    yaml = YAML(typ="rt", pure=True)
    yaml.width, yaml.allow_unicode, yaml.preserve_quotes = LONGEST_LINE, True, True
    yaml.indent(mapping=mapping, sequence=dash + 2, offset=dash)
    return yaml


def _dumped(tree: Mapping[str, Any], layout: tuple[int, int]) -> str:
    stream = StringIO()
    _round_trip(layout).dump(tree, stream)
    return stream.getvalue()


def _update(node: Any, value: Any) -> None:
    """Give a round-trip node a new value; what is equal in it stays as it is, with its comments."""
    if isinstance(node, CommentedMap):
        for name in [name for name in node if name not in value]:
            del node[name]
        for name, item in value.items():
            _update_item(node, name, item)
        return
    matcher = SequenceMatcher(None, [_identity(one) for one in node], [_identity(one) for one in value], autojunk=False)
    for action, start, end, first, last in reversed(matcher.get_opcodes()):
        shared = min(end - start, last - first) if action != "equal" else end - start
        for offset in range(shared):
            _update_item(node, start + offset, value[first + offset])
        for position in reversed(range(start + shared, end)):
            del node[position]
        for offset, item in enumerate(value[first + shared : last]):
            node.insert(start + shared + offset, _styled(item))


def _update_item(node: Any, place: Any, value: Any) -> None:
    held = node[place] if isinstance(node, CommentedSeq) else node.get(place)
    if held == value and held is not None:
        return
    mapping = isinstance(held, CommentedMap) and isinstance(value, Mapping)
    listed = isinstance(held, CommentedSeq) and isinstance(value, list) and not held.fa.flow_style()
    if value and (mapping or listed):  # an empty one is written anew, without the comments of what was in it
        _update(held, value)
    else:
        node[place] = _styled(value)


def _identity(item: Any) -> str:
    """What makes an item of a list the same one: its name, else all of it."""
    if isinstance(item, Mapping) and "name" in item:
        return str(item["name"])
    return json.dumps(plain(item), default=str)


def _styled(value: Any) -> Any:
    """A value as round-trip nodes: numbers and points in brackets or braces, all else in lines."""
    if isinstance(value, Mapping):
        mapping = CommentedMap((name, _styled(item)) for name, item in value.items())
        if value and all(isinstance(item, int | float) for item in value.values()):
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, Sequence) and not isinstance(value, str):
        styled = CommentedSeq([_styled(item) for item in value])
        depth = _depth(value)
        if depth and depth < 3:
            styled.fa.set_flow_style()
        return styled
    return value


def _depth(value: Any) -> int:
    """Levels of lists in a list; 0 where mappings are in it."""
    if isinstance(value, Mapping):
        return 0
    if not isinstance(value, Sequence) or isinstance(value, str):
        return 0
    if not value:
        return 1
    if any(isinstance(item, Mapping) for item in value):
        return 0
    return 1 + max(_depth(item) for item in value)
