"""YAML documents written by people: read within limits, with the line and the reason of each error.

Errors never quote the text, since it may hold passwords.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.constructor import ConstructorError, DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.reader import ReaderError

LONGEST_BYTES: Final = 1 << 20
MOST_NODES: Final = 100_000
"""Values in a document, each alias counted as all that it stands for."""
DEEPEST: Final = 50

_LONGEST_NUMBER_BITS: Final = 128

_DUPLICATE = re.compile(r'found duplicate key "([A-Za-z_][\w-]{0,40})" with value', re.ASCII)
_QUOTED = re.compile(r"(['\"]).{4,}\1", re.DOTALL)


class BadDocument(ValueError):
    """Text that is no YAML, or exceeds the limits; callers add the name of the file.

    Args:
        line: where, from 1; 0 when that is not known.
        problem: what is wrong, in one clause.
        fix: what to do about it.
    """

    def __init__(self, line: int, problem: str, fix: str = "Fix the YAML at that line") -> None:
        super().__init__(line, problem, fix)
        self.line = line
        self.problem = problem
        self.fix = fix


def read_text(path: Path) -> str:
    """The text of a file; never more than `LONGEST_BYTES` are read, whatever the file is.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
        BadDocument: it is longer.
    """
    with path.open("rb") as stream:
        content = stream.read(LONGEST_BYTES + 1)
    _check_length(len(content))
    return content.decode("utf-8")


def parse_yaml(text: str) -> CommentedMap:
    """The mapping that a YAML text holds, with its lines; no Python objects are built.

    Raises:
        BadDocument: it is no YAML, no mapping, or longer, larger or deeper than the limits.
    """
    _check_length(len(text))
    try:
        yaml = YAML(typ="rt", pure=True)
        yaml.Composer = _Composer
        yaml.Constructor = _Constructor
        with warnings.catch_warnings():
            # A name given twice is legal; the warning would print it, and "&" may begin a password.
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            tree = yaml.load(StringIO(text))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise BadDocument(line, f"there is a character that YAML forbids (#x{ord(text[error.position]):04x})") from None
    except MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        raise BadDocument(place.line + 1 if place else 0, _problem(error)) from None
    except YAMLError:
        raise BadDocument(0, "is not YAML", "Fix it, or start from configs/demo.yaml") from None
    if not isinstance(tree, CommentedMap):
        raise BadDocument(0, "is not a mapping of keys to values", "Begin with a key and a colon")
    return tree


def line_of(tree: Any, location: Sequence[int | str]) -> int:
    """1-based line of the deepest part of `location` that stands in the document."""
    node, line = tree, 0
    for part in location:
        try:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0]
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0]
            else:
                # The tag of a union (sinks.0.chdb) or a missing key: stay where we are.
                continue
        except (KeyError, TypeError):
            pass  # From a merge, or its node has a tag; these have no line of their own.
        node = node[part]
    return line + 1


class _Constructor(RoundTripConstructor):
    """Says where a value stands that is not what its tag says, such as the date 2026-13-45."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError):
            raise _unfit(node) from None
        if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER_BITS:
            raise _unfit(node)
        return value


def _unfit(node: Any) -> ConstructorError:
    kind = str(node.tag).rsplit(":", 1)[-1]
    return ConstructorError(None, None, f"the value is no {kind} that can be used", node.start_mark)


def _problem(error: MarkedYAMLError) -> str:
    text = str(error.problem or "is not YAML").splitlines()[0]
    if isinstance(error, DuplicateKeyError):
        # ruamel quotes both values.
        key = _DUPLICATE.match(str(error.problem))
        return f"duplicate key {key[1]!r}: it is there twice" if key else "duplicate key: it is there twice"
    return _QUOTED.sub("…", text)


def _check_length(length: int) -> None:
    if length > LONGEST_BYTES:
        raise BadDocument(0, f"is longer than {LONGEST_BYTES >> 20} MiB", "Check that it is the right file")


@dataclass(slots=True)
class _Size:
    """What a node stands for, aliases in it counted in full."""

    nodes: int = 1
    levels: int = 1


class _Composer(Composer):
    """Counts what a document stands for before it is built: nine lines of aliases can mean 9⁹ values."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader=loader)
        self._open = [_Size()]
        self._sizes: dict[int, _Size] = {}
        self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        self._open.append(_Size())
        _check(len(self._open) <= DEEPEST, event, f"is nested more than {DEEPEST} levels deep")
        node = super().compose_node(parent, index)
        size = self._open.pop()
        if isinstance(event, AliasEvent):
            _check(id(node) in self._sizes, event, "an alias stands for something that it is itself part of")
            size = self._sizes[id(node)]
            self._nodes += size.nodes
        else:
            self._sizes[id(node)] = size
            self._nodes += 1
        above = self._open[-1]
        above.nodes += size.nodes
        above.levels = max(above.levels, size.levels + 1)
        _check(self._nodes <= MOST_NODES, event, f"stands for more than {MOST_NODES} values, aliases counted in full")
        _check(len(self._open) + size.levels <= DEEPEST, event, f"is nested more than {DEEPEST} levels deep")
        return node


def _check(holds: bool, event: Any, problem: str) -> None:
    if not holds:
        raise ComposerError(None, None, problem, event.start_mark)
