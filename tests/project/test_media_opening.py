"""No tag of a stream or file can end what reads it: media is opened without strict decoding of its texts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.project.places import ROOT


def openings() -> Iterator[tuple[str, ast.Call]]:
    """Calls of `av.open` for reading, with their place."""
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "av.open" and len(node.args) < 2:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_media_is_opened_with_tags_of_any_encoding() -> None:
    strict = [place for place, call in openings() if "metadata_errors" not in {word.arg for word in call.keywords}]
    assert strict == []
    assert list(openings())
