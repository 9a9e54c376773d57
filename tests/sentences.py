"""The sentences and nouns that modules can pass to a language, read from their source."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType


def first_arguments(modules: Iterable[ModuleType], method: str, position: int = 0) -> set[str]:
    """The texts that the argument at `position` of every call of `method` can be."""
    return {
        text
        for module in modules
        for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(call, ast.Call) and len(call.args) > position
        if getattr(call.func, "attr", getattr(call.func, "id", "")) == method
        for text in _texts(module, call.args[position])
    }


def _texts(module: ModuleType, argument: ast.expr) -> set[str]:
    """What an argument can be: literals, constants of its module, and entries of tables there."""
    found: set[str] = set()
    for node in ast.walk(argument):
        value: object = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Name):
            value = vars(module).get(node.id)
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            found |= {text for text in value.values() if isinstance(text, str)}
    return found
