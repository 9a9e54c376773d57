"""Each row of the table of articles quotes its act, and names a rule and a test that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.policy.access.law_table import PROHIBITIONS
from tests.project.places import ROOT

_ACTS = {
    "Decree 18.743/2014 of Porto Alegre (SisVídeo)": "decreto-18743-2014-porto-alegre.txt",
    "Law 11.766/2022 of Mato Grosso (Vigia Mais MT)": "lei-11766-2022-mato-grosso.txt",
    "BH + Segura, Belo Horizonte": "bh-mais-segura.txt",
    "City Câmeras, São Paulo": "city-cameras-sao-paulo.txt",
    "Cidades Inteligentes, São Paulo": "cidades-inteligentes-sp.txt",
}
_WITHOUT_COPY = "LGPD, law 13.709/2018: rights of the subject"
"""Its published text is not among the copies, so its rows are compared with nothing; the page says so."""
_WITHOUT_FEATURE = "Articles that no feature serves"
_BINDING = {
    "Decree 18.743/2014": {3, *range(5, 17), 19, 20},
    "Law 11.766/2022": set(range(2, 10)),
}
"""Articles that bind who runs cameras there."""


class _Row(NamedTuple):
    act: str
    article: str
    rule: str
    feature: str
    command: str
    test: str


def _rows() -> list[_Row]:
    page = (ROOT / "docs" / "reference" / "law.md").read_text(encoding="utf-8")
    found: list[_Row] = []
    for section in page.split("\n## ")[1:]:
        act = section.splitlines()[0]
        if act == _WITHOUT_FEATURE:
            continue
        lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
        found += [_Row(act, *line.split(" | ")) for line in lines[2:]]
    return found


_ROWS = _rows()


def _id(row: _Row) -> str:
    return f"{row.act.split()[0]} {row.article}"


@pytest.fixture(scope="module")
def acts_as_published(data_dir: Path) -> dict[str, str]:
    """The published texts by section."""
    folder = data_dir.parent / "law"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    return {act: (folder / name).read_text(encoding="utf-8") for act, name in _ACTS.items()}


@pytest.fixture(scope="module")
def acts(acts_as_published: dict[str, str]) -> dict[str, str]:
    """The same without spaces: words run together in the copies."""
    return {act: _squeezed(text) for act, text in acts_as_published.items()}


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_table_has_rows_of_every_act() -> None:
    assert len(_ROWS) > 30
    assert {row.act for row in _ROWS} == {*_ACTS, _WITHOUT_COPY}


@pytest.mark.parametrize("act", _BINDING)
def test_every_binding_article_has_a_row_or_the_reason_why_no_feature_serves_it(act: str) -> None:
    page = (ROOT / "docs" / "reference" / "law.md").read_text(encoding="utf-8")
    listed = re.findall(rf"^\| {act.lower()} \| art\. (\d+)", page.split(_WITHOUT_FEATURE)[1], re.MULTILINE)
    served = [re.match(r"art\. (\d+)", row.article) for row in _ROWS if row.act.startswith(act)]
    found = {int(number) for number in listed} | {int(one[1]) for one in served if one}
    assert found >= _BINDING[act]


@pytest.mark.real
@pytest.mark.parametrize("act", _BINDING)
def test_every_paragraph_of_a_binding_article_has_a_row_or_a_reason(
    act: str, acts_as_published: dict[str, str]
) -> None:
    page = (ROOT / "docs" / "reference" / "law.md").read_text(encoding="utf-8")
    listed = re.findall(rf"^\| {act.lower()} \| (art\. .*?) \|", page.split(_WITHOUT_FEATURE)[1], re.MULTILINE)
    named = {
        one for text in (*listed, *(row.article for row in _ROWS if row.act.startswith(act))) for one in _places(text)
    }
    text = next(text for title, text in acts_as_published.items() if title.startswith(act))
    binding = _paragraphs(text, _BINDING[act])
    assert len(binding) > 12
    assert binding - named == set()


def _places(text: str) -> list[tuple[int, str]]:
    """Article and paragraphs of a cell such as ``art. 8 §1, §2``."""
    article = int(re.findall(r"\d+", text)[0])
    return [(article, number or "sole") for number in re.findall(r"§(\d+)|sole paragraph", text)]


def _paragraphs(text: str, articles: set[int]) -> set[tuple[int, str]]:
    found, article = set(), 0
    for line in text.splitlines():
        if begun := re.match(r"Art\. ?(\d+)", line):
            article = int(begun[1])
        elif article in articles and (paragraph := re.match(r"§ ?(\d+)|Parágrafo único", line)):
            found.add((article, paragraph[1] or "sole"))
    return found


def test_every_row_names_a_command_or_route() -> None:
    table = (ROOT / "pipeline" / "cli" / "command_table.py").read_text(encoding="utf-8")
    commands = re.findall(r'^    "([\w-]+)": CommandEntry', table, re.MULTILINE)
    for row in _ROWS:
        named = re.findall(r"`viapublica ([\w-]+)|`(?:GET|POST) (/[\w/]+)`", row.command)
        assert named, row
        assert not [command for command, _ in named if command and command not in commands], row


@pytest.mark.parametrize("row", _ROWS, ids=_id)
def test_the_test_of_a_row_exists(row: _Row) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row.test)
    assert named, "a row without a test shows nothing"
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


@pytest.mark.parametrize("row", _ROWS, ids=_id)
def test_the_access_rules_of_a_row_exist(row: _Row) -> None:
    policies = (ROOT / "pipeline" / "policy" / "access" / "access.cedar").read_text(encoding="utf-8")
    if "access rule" in row.feature:
        named = re.findall(r"`([\w-]+)`", row.feature)
        assert named
        assert not [name for name in named if f'@id("{name}")' not in policies]


@pytest.mark.real
def test_the_rows_quote_the_published_acts(acts: dict[str, str]) -> None:
    compared = [row for row in _ROWS if row.act != _WITHOUT_COPY]
    wrong = [
        row.rule for row in compared if _squeezed(row.rule.removeprefix("“").removesuffix("”")) not in acts[row.act]
    ]
    assert not wrong


@pytest.mark.real
def test_the_independent_table_of_prohibitions_quotes_the_published_acts(acts: dict[str, str]) -> None:
    together = "".join(acts.values())
    quoted = [one.quotation for one in PROHIBITIONS if one.quotation]
    assert len(quoted) > 20
    assert not [text for text in quoted if _squeezed(text) not in together]
