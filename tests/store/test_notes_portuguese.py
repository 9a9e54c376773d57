"""Portuguese notes: every sentence that the code can make has a translation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.app.people import permitted_questions
from pipeline.domain.event_kinds import SPECS
from pipeline.domain.locale import Locale
from pipeline.policy import scope
from pipeline.store import annotated_answer, answer_notes, camera_notes, plate_notes, traffic_notes, waiting_notes
from pipeline.store.notes_portuguese import NOUNS, PORTUGUESE, TEXTS, notes_language
from tests.sentences import first_arguments

MODULES = (answer_notes, camera_notes, plate_notes, traffic_notes, waiting_notes, annotated_answer, scope)
_NAME = re.compile(r"{(\w+)}")


def test_every_sentence_of_the_notes_has_a_translation_and_no_translation_is_dead() -> None:
    kinds = {spec.retention_about for spec in SPECS.values()}
    assert first_arguments(MODULES, "text") | kinds == set(TEXTS)


def test_every_noun_of_the_notes_has_a_translation_and_no_translation_is_dead() -> None:
    nouns = first_arguments(MODULES, "counted", 1) | first_arguments(MODULES, "first_of", 1)
    assert nouns | first_arguments((*MODULES, permitted_questions), "never_sent", 1) == set(NOUNS)


def test_no_note_is_made_of_text_that_passed_no_language() -> None:
    """A note's text is a variable that a language filled, never a literal or an f-string."""
    for module in MODULES[:4]:
        source = Path(str(module.__file__)).read_text()
        assert not re.search(r'text=f?"', source), module.__name__
        assert not re.search(r'text = f"', source), module.__name__


@pytest.mark.parametrize("english", sorted(TEXTS))
def test_a_translation_keeps_the_values_of_its_sentence(english: str) -> None:
    assert sorted(_NAME.findall(english)) == sorted(_NAME.findall(TEXTS[english]))


def test_times_and_counts_follow_the_language() -> None:
    assert notes_language(Locale.PT_BR) is PORTUGUESE
    assert notes_language(None).counted(2, "camera") == "2 cameras"
    assert PORTUGUESE.counted(1, "further read") == "1 outra leitura"
    assert re.fullmatch(r"\d\d/\d\d/2026 \d\d:\d\d:\d\d [+-]\d\d:\d\d", PORTUGUESE.time(1_795_953_040_488))
