"""The overview of all commands: true to the commands themselves, fast to load, and completed by shells."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli.command_table import COMMANDS
from pipeline.cli.lazy_group import load_command
from tests.cli.commands import app, viapublica

_HEAVY = {
    *("numpy", "pydantic", "onnxruntime", "openvino", "chdb", "cv2", "sqlalchemy", "av", "scipy", "PIL", "pandas"),
    *("pyarrow", "kafka", "clickhouse_driver", "cryptography", "c2pa", "jinja2", "matplotlib", "ruamel"),
}
"""Modules that take long to import."""
_MEDIA = {"cv2", "av", "onnxruntime", "openvino", "matplotlib", "scipy", "PIL"}
"""Modules for images, video and networks."""
_QUERIES = [name for name, entry in COMMANDS.items() if entry.panel == "Queries"]
_LONGEST_HELP = 80


def _leaves(name: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A command and, of a group, everything below it."""
    yield name, command
    for below, child in getattr(command, "commands", {}).items():
        yield from _leaves((*name, below), child)


@pytest.mark.parametrize("words", [("camera", "add", "x", "--scope", "rodovia"), ("read", ".", "--scope", "rodovia")])
def test_a_wrong_choice_is_named_without_a_class_of_a_library(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "'rodovia' is not one of 'public-road', 'car-park-entrance'" in done.output
    assert "Value error" not in done.output


@cache
def _all() -> dict[tuple[str, ...], Any]:
    return {
        name: command for top, entry in COMMANDS.items() for name, command in _leaves((top,), load_command(top, entry))
    }


def _modules(*arguments: str) -> set[str]:
    """Top-level modules that a command imports until it ends."""
    program = (
        "import sys; from pipeline.cli.app import main; sys.argv = ['viapublica', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: pass\nprint('loaded:', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = done.stdout.rsplit("loaded:", 1)[1].split()
    return {name.split(".")[0] for name in loaded}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_shows_the_first_sentence_of_each_commands_help(name: str) -> None:
    text = " ".join(inspect.cleandoc(load_command(name, COMMANDS[name]).help).split("\n\n")[0].split())
    sentence = re.split(r"(?<=\.) (?=[A-Z])", text)[0]
    assert COMMANDS[name].help == sentence, "correct pipeline/cli/command_table.py, or the command's docstring"
    assert len(sentence) <= _LONGEST_HELP


def test_every_command_and_group_shows_an_example_of_itself() -> None:
    without = [
        " ".join(name)
        for name, command in _all().items()
        if f"Example: [bold]viapublica {' '.join(name)}" not in " ".join(command.help.split())
    ]
    assert not without


def test_help_shows_panels_commands_and_an_example() -> None:
    shown = CliRunner().invoke(app, ["--help"], prog_name="viapublica").stdout
    assert all(panel in shown for panel in ("Everyday", "Queries", "Releases", "Operation"))
    assert all(f" {name} " in shown for name in COMMANDS)
    assert "Example: viapublica run" in shown


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_overview_loads_no_command(option: str) -> None:
    assert _modules(option) & _HEAVY == set()


@pytest.mark.parametrize("name", _QUERIES)
def test_a_query_loads_no_module_for_video_or_networks(name: str, tmp_path: Path) -> None:
    plate = ["ABC1D23"] if name in {"plates", "route", "convoy"} else []
    assert _modules(name, *plate, "--data", str(tmp_path / "none")) & _MEDIA == set()


def test_a_mistyped_command_is_suggested() -> None:
    done = viapublica("relase")
    assert done.returncode == 2
    assert "Did you mean 'release'" in done.stderr


def _completed(line: str) -> list[str]:
    environment = {**os.environ, "_VIAPUBLICA_COMPLETE": "complete_bash", "COMP_WORDS": line}
    environment["COMP_CWORD"] = str(len(line.split(" ")) - 1)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.split()


def test_a_shell_completes_commands_groups_and_options() -> None:
    assert _completed("viapublica ca") == ["cameras", "camera"]
    assert _completed("viapublica kafka ") == ["ingest", "tail", "schema", "dead-letters"]
    assert _completed("viapublica kafka dead-letters r") == ["replay"]
    assert "--strict" in _completed("viapublica run --")


def test_every_list_with_a_limit_is_tested_for_stating_it() -> None:
    """Answers of queries get their note from `answer_notes`; the others are tested in `test_spool` and `test_kafka`."""
    limited = {
        " ".join(name)
        for name, command in _all().items()
        if any("--limit" in parameter.opts for parameter in command.params)
        if COMMANDS[name[0]].panel != "Queries"
    }
    assert limited == {"spool cat", "kafka tail"}
