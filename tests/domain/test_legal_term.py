"""Terms of the law have titles in both languages, and articles are cited as each language writes them."""

from __future__ import annotations

import pytest

from pipeline.domain.legal_term import LegalTerm, portuguese_citation
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role

ARTICLE_6 = "I II III IV V VI VII VIII IX X XI XII".split()


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("decree 18.743/2014 art. 5 §3", "Decreto 18.743/2014 art. 5º, § 3º"),
        ("decree 18.743/2014 art. 6 XII", "Decreto 18.743/2014 art. 6º XII"),
        ("decree 18.743/2014 art. 12", "Decreto 18.743/2014 art. 12"),
        (
            "decree 18.743/2014 art. 3 sole paragraph, art. 5 §1",
            "Decreto 18.743/2014 art. 3º parágrafo único, art. 5º, § 1º",
        ),
        ("law 11.766/2022 art. 9, §3, §4", "Lei 11.766/2022 art. 9º, § 3º, § 4º"),
        ("BH + Segura; law 11.766/2022 art. 9", "BH + Segura; Lei 11.766/2022 art. 9º"),
        (
            "rule of this program, for decree 18.743/2014 art. 5",
            "regra deste programa, para o cumprimento de: Decreto 18.743/2014 art. 5º",
        ),
    ],
)
def test_citations_in_portuguese(english: str, portuguese: str) -> None:
    assert portuguese_citation(english) == portuguese


@pytest.mark.parametrize("term", [Operation, Purpose, Role, Material])
def test_terms_have_titles_in_both_languages_and_a_source(term: type[LegalTerm]) -> None:
    for one in term:
        assert one.english == one.english.strip() != ""
        assert one.portuguese == one.portuguese.strip() != ""
        assert one.law
        assert term(one.value) is one
        assert f"{one}" == one.value
    assert len({one.portuguese for one in term}) == len(term)


def test_the_operations_of_article_6_are_the_first_ones_in_its_order() -> None:
    cited = [operation.law.removeprefix("decree 18.743/2014 art. 6 ") for operation in list(Operation)[:12]]
    assert cited == ARTICLE_6
    assert Operation.CAMERA_CONTROL.portuguese == "controle"
    assert Operation.DISCLOSURE.portuguese == "disponibilização"


def test_an_operation_concerns_the_most_identifying_material_unless_it_says_otherwise() -> None:
    assert Operation.EXPORT.material is Material.PLATES
    assert Operation.DISCLOSURE.material is Material.ORIGINAL_VIDEO
    assert Operation.BENCHMARK.material is Material.MEASUREMENTS
    assert Operation.CONFIGURATION.materials == (Material.RECORDS,)
