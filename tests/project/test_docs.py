"""What the documentation tells people to type exists, and what it says about the code is so."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from tests.cli.commands import app, viapublica
from tests.project.places import ROOT

_PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
_BLOCK = re.compile(r"(?P<run><!-- run -->\n)?```console\n(?P<body>.*?)```", re.DOTALL)
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


class _Command(NamedTuple):
    page: str
    words: tuple[str, ...]
    run: bool


def _commands() -> list[_Command]:
    found = []
    for page in _PAGES:
        for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
            for line in block["body"].splitlines():
                if line.startswith("$ "):
                    words = tuple(shlex.split(line[2:], comments=True))
                    found.append(_Command(page.name, words, block["run"] is not None))
    return found


_COMMANDS = _commands()
_OURS = sorted({command.words for command in _COMMANDS if command.words[0] == "viapublica"})
_MAKE = sorted({command.words for command in _COMMANDS if command.words[0] == "make"})
_GROUPS = {
    *((name,) for name in ("camera", "config", "kafka", "models", "release", "spool", "store")),
    ("kafka", "dead-letters"),
    ("store", "retention"),
}
_RUN = sorted({command.words for command in _COMMANDS if command.run})


def test_the_pages_show_commands() -> None:
    assert len(_OURS) > 15
    assert len(_MAKE) > 3
    assert _RUN
    others = {command.words[0] for command in _COMMANDS} - {"viapublica", "make"}
    assert others <= {".", "git", "docker", "pip"}, "no test knows how to check these"


@pytest.mark.parametrize("words", _OURS, ids=shlex.join)
def test_command_and_options_exist(words: tuple[str, ...]) -> None:
    depth = 2
    while words[1:depth] in _GROUPS and not words[depth].startswith("-"):
        depth += 1
    command = words[1:depth]
    options = [word.split("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)]
    shown = _help_of(command)
    missing = [option for option in options if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown)]
    assert not missing


@pytest.mark.parametrize("words", _MAKE, ids=shlex.join)
def test_make_target_exists(words: tuple[str, ...]) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    assert set(words[1:]) <= targets


@pytest.mark.parametrize("words", _RUN, ids=shlex.join)
def test_marked_command_runs(words: tuple[str, ...], tmp_path: Path) -> None:
    assert words[0] == "viapublica"
    done = viapublica(*words[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_page_of_all_keys_is_what_the_schema_says() -> None:
    done = viapublica("config", "explain", "--markdown")
    assert done.returncode == 0, done.stderr
    page = (ROOT / "docs" / "configuration-keys.md").read_text(encoding="utf-8")
    assert page == done.stdout, "run `make reference`"


def test_the_tests_that_show_a_promise_exist() -> None:
    named = re.findall(r"`(tests/[\w./]+)::(\w+)`", (ROOT / "docs" / "promises.md").read_text(encoding="utf-8"))
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


def test_files_named_in_the_docs_exist() -> None:
    named = re.compile(r"`((?:pipeline|benchmarks|configs|tests|models|requirements|docs)/[\w./*-]+)`")
    missing = [
        f"{page.name}: {name}"
        for page in _PAGES
        for name in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert not missing


def test_every_decision_is_in_the_index_and_the_menu() -> None:
    index = (ROOT / "docs" / "decisions" / "index.md").read_text(encoding="utf-8")
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for note in (ROOT / "docs" / "decisions").glob("0*.md"):
        assert note.name in index
        assert note.name in menu


@cache
def _help_of(command: tuple[str, ...]) -> str:
    # Wide enough that no option's name is cut.
    done = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output
