"""Record of the code that a page of results was measured with, and how much of it has changed since.

A page names packages and modules. The record beside it, ``code/PAGE.json``, has a digest of each of their functions:
of the syntax tree without docstrings, so that comments, formatting and documentation change nothing. The share of
functions that were changed, added or removed is the distance of the page from the code of today. `LIMIT` is the
distance from which a page is stale; decision 0037 says why it is not zero.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parents[2]
"""The folder that holds the package, which paths of modules are relative to."""
LIMIT: Final = 0.2
"""Share of changed functions from which a page is stale."""
_DIGITS: Final = 6
_RECORDS: Final = "code"


class CodeRecord(msgspec.Struct, frozen=True):
    """The code that one machine's section of a page was measured with.

    Attributes:
        measures: packages and modules, such as ``pipeline/store``.
        functions: digests of the functions by module, separated by blanks.
        stands_because: why figures of older code stand although they were not measured again; shown in the page.
    """

    measures: tuple[str, ...]
    functions: dict[str, str]
    stands_because: str = ""

    @classmethod
    def of_now(cls, measures: Sequence[str], root: Path = ROOT, stands_because: str = "") -> CodeRecord:
        """The record of these packages and modules as they are.

        Raises:
            FileNotFoundError: one does not exist.
        """
        modules = [module for name in measures for module in _modules(root / name)]
        sources = {module.relative_to(root).as_posix(): module.read_text(encoding="utf-8") for module in modules}
        return cls.of_sources(measures, sources, stands_because)

    @classmethod
    def of_sources(cls, measures: Sequence[str], sources: Mapping[str, str], stands_because: str = "") -> CodeRecord:
        """The record of modules by their text."""
        digests = {name: " ".join(_digests(text)) for name, text in sorted(sources.items())}
        return cls(tuple(measures), {name: found for name, found in digests.items() if found}, stands_because)

    def distance(self, other: CodeRecord) -> float:
        """Share of the functions of both that only one of them has, 0 to 1; a moved function is the same one."""
        mine, theirs = self._all(), other._all()
        return len(mine ^ theirs) / max(1, len(mine | theirs))

    def _all(self) -> set[str]:
        return {digest for line in self.functions.values() for digest in line.split()}


@cache
def _digests(source: str) -> tuple[str, ...]:
    """Pages measure the same modules."""
    return tuple(sorted(function_digests(source)))


def function_digests(source: str) -> Iterator[str]:
    """A digest of each function, and one of everything else in the module: constants, fields, imports.

    Raises:
        SyntaxError: the text is not Python.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstrings(node)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    texts = [ast.dump(function) for function in functions]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            node.body = [part for part in node.body if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
    for text in [*texts, ast.dump(tree)]:
        yield hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def read_records(page: Path) -> dict[str, CodeRecord]:
    """The records of a page by machine; none where there is no file."""
    path = _path(page)
    return msgspec.json.decode(path.read_bytes(), type=dict[str, CodeRecord]) if path.is_file() else {}


def write_record(page: Path, machine: str, record: CodeRecord) -> None:
    """Replace the record of a machine's section."""
    path = _path(page)
    path.parent.mkdir(exist_ok=True)
    records = read_records(page) | {machine: record}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(records, order="sorted"), indent=1) + b"\n")


def _path(page: Path) -> Path:
    return page.parent / _RECORDS / f"{page.stem}.json"


def _modules(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.rglob("*.py"))
    if not path.is_file():
        raise FileNotFoundError(f"a page of results measures {path}, which does not exist")
    return [path]


def _drop_docstrings(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Remove texts that stand alone: docstrings, and those below fields."""
    node.body = [
        statement
        for statement in node.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
