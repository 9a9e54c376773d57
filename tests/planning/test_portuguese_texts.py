from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from pipeline.domain.language import ENGLISH
from pipeline.planning.plan_texts import _LABELS
from pipeline.planning.portuguese_texts import PORTUGUESE
from pipeline.planning.statements import short
from tests.project.places import ROOT


def _sentences() -> Iterator[str]:
    """Of every `Statement` of the program, and what a table puts beside them."""
    for path in [*(ROOT / "pipeline" / "planning").glob("*.py"), ROOT / "pipeline" / "app" / "capacity_plan.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            if ast.unparse(node.func) in {"Statement", "language.text"}:
                yield str(node.args[0].value)
    yield from _LABELS.values()


def test_every_sentence_of_a_plan_is_there_in_portuguese_with_the_same_numbers() -> None:
    sentences = list(_sentences())
    assert len(sentences) > 40
    assert [sentence for sentence in sentences if sentence not in PORTUGUESE.texts] == []
    for english, translated in PORTUGUESE.texts.items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", translated)), english


@pytest.mark.parametrize(
    ("value", "english", "portuguese"),
    [
        (0.0346, "0.035", "0,035"),
        (7.25, "7.2", "7,2"),
        (99.7, "100", "100"),
        (1234, "1,234", "1.234"),
        (1234.5, "1,230", "1.230"),
        (1_234_567, "1,230,000", "1.230.000"),
        (0, "0", "0"),
    ],
)
def test_numbers_have_no_more_digits_than_are_known(value: float, english: str, portuguese: str) -> None:
    assert short(value, ENGLISH) == english
    assert short(value, PORTUGUESE) == portuguese
