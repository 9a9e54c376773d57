"""Every text of the console is in the English catalogue, and the catalogue has nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import pipeline.console
from pipeline.console.catalogues import Tongue, translations
from pipeline.console.problem_words import PORTUGUESE, in_portuguese
from pipeline.http_api.callers import CSRF_HEADER

FOLDER = Path(pipeline.console.__file__).parent
METHODS = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "source": None, "worded": None}


def texts() -> Iterator[str | tuple[str, ...]]:
    options = {"templates/**.html": {"encoding": "utf-8", "newstyle_gettext": "true"}}
    for _, _, text, _, _ in extract_from_dir(FOLDER, METHODS, options, keywords=KEYWORDS):
        yield text


@pytest.fixture(scope="module")
def english() -> Catalog:
    with (FOLDER / "locales" / "en" / "LC_MESSAGES" / "console.po").open("rb") as file:
        return read_po(file, locale="en")


def test_every_text_has_an_english_one(english: Catalog) -> None:
    wanted = {text if isinstance(text, str) else text[0] for text in texts()}
    have = {message.id if isinstance(message.id, str) else message.id[0] for message in english if message.id}
    assert wanted - have == set()
    assert have - wanted == set()


def test_the_english_texts_are_complete_and_name_what_the_source_names(english: Catalog) -> None:
    for message in english:
        if not message.id:
            continue
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        targets = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert not message.fuzzy
        assert targets, sources
        assert all(targets), sources
        for text in targets:
            assert set(re.findall(r"%\(\w+\)s|{\w+}", text)) == set(re.findall(r"%\(\w+\)s|{\w+}", sources[0])), text


def test_texts_are_translated() -> None:
    assert translations(Tongue.ENGLISH).gettext("Situação") == "Situation"
    assert translations(Tongue.PORTUGUESE).gettext("Situação") == "Situação"
    assert translations(Tongue.ENGLISH).ngettext("%(num)s linha", "%(num)s linhas", 2) == "%(num)s rows"


def test_errors_that_have_portuguese_words_are_errors_of_the_program() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.py") if path.parent != FOLDER)
    joined = re.sub(r'"\s*\n\s*f?"', "", code).replace("{CSRF_HEADER}", CSRF_HEADER)
    of_framework = {"Nothing matches the given URI"}
    others = {text for text in PORTUGUESE if text not in joined} - of_framework
    own = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py") if path.name != "problem_words.py")
    assert {text for text in others if text not in own and not text.startswith("Too many ")} == set()


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("is acknowledged by ana since 2026-11-29 08:50:03 -03:00", "Está com ana desde 2026-11-29 08:50:03 -03:00."),
        ("Wait 12 s", "Aguarde 12 s."),
        ("is unknown to this test", ""),
    ],
)
def test_errors_with_names_and_times_keep_them(english: str, portuguese: str) -> None:
    assert in_portuguese(english) == portuguese
