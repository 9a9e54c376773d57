"""A thousand attempts to write down a sensitive category are refused, and of a thousand harmless texts at most 1 %.

What was held back while the lists were written is judged by itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zlib import crc32

import pytest

from pipeline.errors import PolicyError
from pipeline.policy.sensitive.screen import Finding, TextKind, standard_screen
from tests.policy.sensitive.harmless_texts import harmless_texts
from tests.policy.sensitive.smuggled_texts import attempts

_ATTEMPTS = attempts()
_HARMLESS = harmless_texts()


def _was_held_back(text: str) -> bool:
    """Half of the harmless texts."""
    return crc32(text.encode()) % 2 == 0


@cache
def _findings(text: str, kind: TextKind) -> list[Finding]:
    return standard_screen().findings(text, kind)


def _refused_harmless(*, held_back: bool) -> tuple[list[str], int]:
    texts = [(kind, text) for kind, text in _HARMLESS if _was_held_back(text) is held_back]
    refused = [text for kind, text in texts if _findings(text, kind)]
    return refused, len(texts)


def test_both_corpora_have_a_thousand_different_texts() -> None:
    assert len({(one.kind, one.text) for one in _ATTEMPTS}) == 1000
    assert len(set(_HARMLESS)) == 1000
    assert sum(one.held_back for one in _ATTEMPTS) == 500
    assert {one.category for one in _ATTEMPTS if one.held_back} == {one.category for one in _ATTEMPTS}


@pytest.mark.parametrize("held_back", [False, True])
def test_every_attempt_is_refused(held_back: bool) -> None:
    missed = [one for one in _ATTEMPTS if one.held_back is held_back and not _findings(one.text, one.kind)]
    assert missed == []


@pytest.mark.parametrize("held_back", [False, True])
def test_of_harmless_texts_at_most_one_in_a_hundred_is_refused(held_back: bool) -> None:
    refused, number = _refused_harmless(held_back=held_back)
    assert number > 450
    assert len(refused) <= number / 100, refused


def test_each_refusal_names_word_place_article_and_what_to_do() -> None:
    screen = standard_screen()
    for one in _ATTEMPTS[::5]:
        with pytest.raises(PolicyError) as refused:
            screen.check("note", one.text, one.kind)
        error = refused.value
        assert error.subject == "note"
        assert error.fix
        finding = _findings(one.text, one.kind)[0]
        if finding.category is None:
            assert "Type it in Latin letters" in error.fix
        else:
            assert one.text[finding.begin : finding.end] == finding.written
            assert finding.category.in_words in error.problem
            assert "LGPD art. 5 II" in error.problem


def test_the_category_is_that_of_the_word_where_it_can_be_read() -> None:
    wrong = [
        one
        for one in _ATTEMPTS
        if not one.held_back
        if (found := {finding.category for finding in _findings(one.text, one.kind)} - {None})
        and one.category not in found
    ]
    assert len(wrong) <= 5, wrong


def test_a_refusal_of_a_harmless_text_says_what_to_do() -> None:
    for kind, text in _HARMLESS:
        if _findings(text, kind):
            with pytest.raises(PolicyError) as refused:
                standard_screen().check("name", text, kind)
            assert "exception" in refused.value.fix or "landmark" in refused.value.fix


_FRESH = Path(__file__).with_name("fresh_texts.txt").read_text(encoding="utf-8")
_KINDS = (
    ("motorista sem CNH", TextKind.NOTE),
    ("Colisão na esquina", TextKind.REASON),
    ("Polícia Rodoviária Federal", TextKind.BODY),
    ("Maria Preta Ramos", TextKind.PERSON),
)
"""Where the harmless texts of another kind begin; before them are names of places."""


def _fresh(section: str) -> list[str]:
    lines = _FRESH.split(f"[{section}]\n")[1].split("\n\n")[0].splitlines()
    return [text.strip() for line in lines for text in line.split("|")]


@pytest.mark.parametrize("kind", [TextKind.NOTE, TextKind.REASON])
def test_texts_written_after_the_lists_are_refused(kind: TextKind) -> None:
    texts = _fresh("refused")
    assert len(texts) > 75
    assert [text for text in texts if not standard_screen().findings(text, kind)] == []


def test_harmless_texts_written_after_the_lists_pass() -> None:
    kind = TextKind.PLACE
    for text in _fresh("harmless"):
        kind = next((later for begins, later in _KINDS if text.startswith(begins)), kind)
        assert not standard_screen().findings(text, kind), text
