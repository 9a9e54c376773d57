"""What the documentation tells people to type exists, and what it says about the code is so."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from pipeline.domain.events import AlertRule
from tests.cli.commands import app, viapublica, viapublica_here
from tests.project.places import ROOT

_PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md"])
_BLOCK = re.compile(r"(?P<run><!-- run -->\n)?```console\n(?P<body>.*?)```", re.DOTALL)
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


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


def _start(words: tuple[str, ...]) -> int | None:
    """Where our own command begins, also behind `sudo -u USER` and with the path of an environment."""
    at = 3 if words[:2] == ("sudo", "-u") else 0
    return at if Path(words[at]).name == "viapublica" and len(words) > at + 1 else None


_COMMANDS = _commands()
_OURS = sorted({command.words[at:] for command in _COMMANDS if (at := _start(command.words)) is not None})
_MAKE = sorted({command.words for command in _COMMANDS if command.words[0] == "make"})
_TOOLS = set(". cp curl docker echo git journalctl pip python3 sqlite3 sudo sudoedit systemctl".split())
"""Of the system; what follows them is not checked."""
_GROUPS = {
    *(
        (name,)
        for name in (
            *(
                "audit",
                "approvals",
                "alerts",
                "backup",
                "bench",
                "camera",
                "config",
                "hotlist",
                "institutions",
                "kafka",
                "models",
                "people",
                "release",
                "requests",
                "retention",
            ),
            *("spool", "store"),
        )
    ),
    ("kafka", "dead-letters"),
}
_RUN = sorted({command.words for command in _COMMANDS if command.run})


def test_the_pages_show_commands() -> None:
    assert len(_OURS) > 15
    assert len(_MAKE) > 3
    assert _RUN
    others = {command.words[0] for command in _COMMANDS} - {"viapublica", "make"}
    environments = {word for word in others if word.startswith(("/opt/", ".venv/bin/"))}
    assert others - environments <= _TOOLS, "no test knows how to check these"


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
    assert {word for word in words[1:] if "=" not in word} <= targets


@pytest.mark.parametrize("words", _RUN, ids=shlex.join)
def test_marked_command_runs(words: tuple[str, ...], tmp_path: Path) -> None:
    assert words[0] == "viapublica"
    done = viapublica(*words[1:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_page_of_all_keys_is_what_the_schema_says() -> None:
    done = viapublica_here("config", "explain", "--markdown")
    assert done.returncode == 0, done.stderr
    page = (ROOT / "docs" / "reference" / "configuration-keys.md").read_text(encoding="utf-8")
    assert page == done.stdout, "run `make reference`"


def test_the_tests_that_show_a_promise_exist() -> None:
    named = re.findall(
        r"`(tests/[\w./]+)::(\w+)`",
        (ROOT / "docs" / "reference" / "delivery-guarantees.md").read_text(encoding="utf-8"),
    )
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


_STATUS = re.compile(r"\n\n(\d{4}-\d\d-\d\d) · (?:accepted|superseded)\b([^#]*?)\n\n")


def test_every_decision_has_a_date_and_a_status_and_is_in_the_index_and_the_menu() -> None:
    index = (ROOT / "docs" / "decisions" / "index.md").read_text(encoding="utf-8")
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    notes = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    for note in notes:
        head = _STATUS.search(note.read_text(encoding="utf-8"))
        assert head, f"{note.name}: no line with date and status below the title"
        row = next(line for line in index.splitlines() if re.match(rf"\| \[[^\]]*\]\({note.name}\)", line))
        assert f"| {head[1]} |" in row, note.name
        assert note.name in menu
    assert len(re.findall(r"^\| \[\d{4}", index, re.MULTILINE)) == len(notes)


def test_a_superseded_decision_and_its_successor_name_one_another() -> None:
    folder = ROOT / "docs" / "decisions"
    heads = {note.name: _STATUS.search(note.read_text(encoding="utf-8")) for note in folder.glob("0*.md")}
    for name, head in heads.items():
        by = re.search(r"superseded in part by (.*?)(?:supersedes|$)", head[2] if head else "", re.DOTALL)
        for later in re.findall(r"\]\((0[\w-]+\.md)\)", by[1] if by else ""):
            successor = heads[later]
            assert successor is not None
            assert re.search(rf"supersedes parts of\s[^#]*\]\({name}\)", successor[2]), f"{later} does not name {name}"


def test_every_page_is_in_the_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    missing = [str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")]
    assert not [page for page in missing if f": {page}\n" not in menu]


_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def test_links_outside_the_site_lead_to_files() -> None:
    """MkDocs checks the site's own links; README, CONTRIBUTING and CHANGELOG are outside."""
    missing = [
        f"{page.name}: {target}"
        for page in [*ROOT.glob("*.md")]
        for target in _LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (ROOT / target).exists()
    ]
    assert not missing


@cache
def _help_of(command: tuple[str, ...]) -> str:
    # Wide enough that no option's name is cut.
    done = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("page", ["docs/how-to/monitor.md", "docs/pt-BR/operacao.md"])
def test_the_pages_for_operators_list_every_alert_of_the_program_and_no_other(page: str) -> None:
    table = (ROOT / page).read_text().split("--kind alert")[1].partition("\n#")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`([^`]+)`", row)) == sorted(AlertRule)
