"""Code and documentation use the words of the glossary, and none of those it replaces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.project.places import ROOT

_GLOSSARY = ROOT / "docs" / "reference" / "glossary.md"
_HEADING = "## Words we do not use"
_TEXTS = {".py", ".md", ".j2", ".yaml"}

_ALLOWED = {
    r"\bmake(?:s)? room\b|\bmade room\b|\bmaking room\b": "an idiom about space",
    r"\blook(?:s|ed|ing)?(?: it)? up\b": "to search a register or table",
    r"\b(?:math|np|numpy)\.floor\b|\bfloored\b": "rounding",
    r"\.tell\(\)": "Python's position in a file",
    r"@page\b": "CSS for print",
    r"\b\w*(?:problem|context|start|end)_mark\b": "ruamel's name of a place in a document",
    r"\bwrite-ahead\b": "write-ahead logging",
    r"\bcertificate chains\b|\bhash chains\b": "not of tracks",
    r"`tests/[\w/.]+::\w+`": "the name of a test",
    r"\]\([^)\s]*\)": "the target of a link",
    r"\bWorkbook\b": "openpyxl's",
    r"\bClickHouse\w*": "the database",
    r"`(?:detect\.plate_looks|lpr\.tell_after_s|ingest\.ahead_s|\w+_in_trouble)`": "former names, in the changelog",
    r"\brefrigerator book clock\b": "a class of COCO",
    r"\bcontrol room\b": "the place from which a city's cameras are watched",
}
"""What is removed before the search, with the reason."""

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+")
_NAME = re.compile(r"[A-Za-z]+(?:_+[A-Za-z0-9]+)+|[A-Za-z]*[a-z][A-Z][A-Za-z0-9]*|_\w+")


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    begins: frozenset[str]
    use: str
    folders: tuple[Path, ...]


class _Hit(NamedTuple):
    file: str
    line: int
    word: str
    use: str


@cache
def _rules() -> tuple[_Rule, ...]:
    section = _GLOSSARY.read_text(encoding="utf-8").split(_HEADING)[1].split("\n## ")[0]
    rules = []
    for row in re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) ?\|$", section, re.MULTILINE):
        words = re.findall(r"`([^`]+)`", row[0])
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
        folders = tuple(ROOT / folder for folder in re.findall(r"`([^`]+)`", row[2]))
        begins = frozenset(re.findall(r"\w+", word.casefold())[0] for word in words)
        rules.append(_Rule(pattern, begins, row[1], folders))
    return tuple(rules)


def _files() -> list[Path]:
    trees = [path for tree in ("pipeline", "docs", "configs") for path in (ROOT / tree).rglob("*")]
    pages = [*ROOT.glob("README*.md"), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
    return sorted(path for path in [*trees, *pages] if path.suffix in _TEXTS and path.is_file())


def _plain(text: str) -> str:
    """The text with identifiers split into words, and without what is allowed."""
    for pattern in _ALLOWED:
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    return _NAME.sub(lambda name: " ".join(_PIECES.findall(name[0].replace("_", " "))), text)


def _hits(path: Path) -> Iterator[_Hit]:
    text = path.read_text(encoding="utf-8")
    if path == _GLOSSARY:
        text = text.split(_HEADING)[0]
    rules = [rule for rule in _rules() if not rule.folders or any(path.is_relative_to(place) for place in rule.folders)]
    name = str(path.relative_to(ROOT))
    plain = _plain(f"{path.stem}\n{text}")
    present = set(re.findall(r"\w+", plain.casefold()))
    for rule in rules:
        for number, line in enumerate(plain.split("\n") if rule.begins & present else ()):
            yield from (_Hit(name, number, found[0], rule.use) for found in rule.pattern.finditer(line))


def test_the_glossary_lists_words_to_avoid() -> None:
    assert len(_rules()) > 30
    assert any(rule.folders for rule in _rules())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("class FilmWriter:", "Film"),
        ("plate_desk = 1", "desk"),
        ("def _look(self):", "look"),
        ("the box is covered", "covered"),
        ("TROUBLE = 1", "TROUBLE"),
        ("of a take and", "a take"),
    ],
)
def test_words_inside_identifiers_and_sentences_are_found(text: str, word: str) -> None:
    plain = _plain(text)
    assert word in {found[0] for rule in _rules() if not rule.folders for found in rule.pattern.finditer(plain)}


@pytest.mark.parametrize("text", ["coverage", "it can take a while", "Make room", "bookkeeping", "lookup", "string"])
def test_other_words_are_not(text: str) -> None:
    assert not [rule for rule in _rules() if not rule.folders and rule.pattern.search(_plain(text))]


def test_no_text_uses_a_word_that_the_glossary_replaces() -> None:
    hits = [hit for path in _files() for hit in _hits(path)]
    shown = "\n".join(f"{hit.file}:{hit.line}: {hit.word!r}; use {hit.use}" for hit in hits)
    assert not hits, f"{len(hits)} words of docs/reference/glossary.md\n{shown}"


def test_module_docstrings_name_the_thing() -> None:
    questions = []
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if re.match(r"(?:What|Who|Where|How|When|Why)\b", text):
            questions.append(f"{path.relative_to(ROOT)}: {text.splitlines()[0]}")
    assert not questions, "\n".join(questions)
