"""Documents of any city cite its own law."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import governance

MODULES = sorted(Path(governance.__file__).parent.glob("*.py"))


def _texts(source: str) -> Iterator[str]:
    """The strings of a module, without docstrings, which name the source of a rule."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_document_cites_an_act_of_one_city(module: Path) -> None:
    for text in _texts(module.read_text()):
        assert "18.743" not in text
        assert "11.766" not in text
        assert "Porto Alegre" not in text
