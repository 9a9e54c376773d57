"""Portuguese reports: every sentence that the code can make has a translation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.anonymize import release_report
from pipeline.anonymize.report_portuguese import NOUNS, PORTUGUESE, TEXTS, report_language
from pipeline.app.anonymize import report_texts
from pipeline.app.anonymize.report_texts import damage_text
from pipeline.app.release import build_release, release_source
from pipeline.domain.disclosure import LegalBasis
from pipeline.domain.labels import Label
from pipeline.domain.language import ENGLISH
from pipeline.domain.locale import Locale
from pipeline.domain.redaction import RedactionStyle
from tests.sentences import first_arguments

MODULES = (release_report, report_texts, build_release, release_source)
TEMPLATE = Path(release_report.__file__).parent / "templates" / "report.html.j2"
_NAME = re.compile(r"{(\w+)}")


def sentences() -> set[str]:
    found = set(re.findall(r'text\("([^"]+)"', TEMPLATE.read_text()))
    found |= {basis.value for basis in LegalBasis} | {style.value for style in RedactionStyle}
    found |= set(report_texts._LIMITS) | {release_report._FRAME, release_report._WORST_FRAME}
    return found | first_arguments(MODULES, "text") | first_arguments(MODULES, "listed", 1)


def nouns() -> set[str]:
    return {label.word for label in Label} | {"windscreen"} | first_arguments(MODULES, "counted", 1)


def test_every_sentence_of_the_code_has_a_translation_and_no_translation_is_dead() -> None:
    assert sentences() == set(TEXTS)


def test_every_noun_has_a_translation_and_no_translation_is_dead() -> None:
    assert nouns() == set(NOUNS)


@pytest.mark.parametrize("english", sorted(TEXTS))
def test_a_translation_keeps_the_values_of_its_sentence(english: str) -> None:
    assert sorted(_NAME.findall(english)) == sorted(_NAME.findall(TEXTS[english]))


def test_numbers_and_nouns_follow_the_language() -> None:
    assert (PORTUGUESE.number(6.94), ENGLISH.number(6.94)) == ("6,9", "6.9")
    assert PORTUGUESE.counted(1, "region") == "1 região"
    assert PORTUGUESE.counted(2, "further round") == "2 rodadas adicionais"
    assert PORTUGUESE.listed({"person": 2, "face": 1}, "no objects were detected") == "2 pessoas, 1 rosto"
    assert PORTUGUESE.listed({}, "no objects were detected") == "nenhum objeto foi detectado"
    assert ENGLISH.counted(2, "region") == "2 regions"
    assert damage_text(1, PORTUGUESE) == "1 pacote sem decodificação possível, ausente do vídeo"
    assert damage_text(2) == "2 packets could not be decoded and are missing"
    assert report_language(Locale.PT_BR) is PORTUGUESE
    assert report_language(None) is ENGLISH


def test_values_are_never_read_as_sentences() -> None:
    assert PORTUGUESE.text("Model {name}", name="{x}") == "Modelo {x}"
