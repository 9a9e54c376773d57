"""Commands in messages: each names options that exist and gives what its command requires."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import pipeline
from pipeline.cli.command_table import COMMANDS
from pipeline.cli.lazy_group import load_command

SOURCES = sorted(Path(pipeline.__file__).parent.rglob("*.py"))
COMMAND = re.compile(r"\bviapublica ([^`;,\[]+)")
VALUE = "VALUE"
"""Stands for what a message fills in."""


def texts(tree: ast.AST) -> Iterator[str]:
    """The texts of a module besides its docstrings, with `VALUE` for what is filled in."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(id(node.value))  # a docstring
        if isinstance(node, ast.JoinedStr) and id(node) not in inner:
            inner.update(id(part) for part in ast.walk(node))
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else VALUE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


def problem_of(words: list[str]) -> str:
    """Why a command cannot be run as it is printed; "" for one that can, for its name alone, and for prose."""
    commands: Any = tops()
    command: Any = None
    while words and words[0] in commands:
        command, words = commands[words[0]], words[1:]
        commands = getattr(command, "commands", {})
    if command is None or commands or not words or not _is_given(words[0]):
        return ""
    options = {name: one for one in command.params if one.param_type_name == "option" for name in one.opts}
    given = [word.partition("=")[0] for word in words if word.startswith("--")]
    if unknown := [name for name in given if name not in options and name != "--help"]:
        return f"has no option {unknown[0]}"
    lacking = [one.opts[0] for one in options.values() if one.required and not {*one.opts} & {*given}]
    if lacking:
        return f"lacks {lacking[0]}"
    arguments = [one for one in command.params if one.param_type_name == "argument" and one.required]
    plain = [word for word in words if not word.startswith("-")]
    of_options = sum(not options[name].is_flag for name in given if name in options)
    return "lacks an argument" if len(plain) - of_options < len(arguments) else ""


@cache
def tops() -> dict[str, Any]:
    return {name: load_command(name, entry) for name, entry in COMMANDS.items()}


def _is_given(word: str) -> bool:
    """Whether a word stands for an argument or option, as in a command and not in prose."""
    return word.startswith("-") or VALUE in word or word.isupper() or any(sign in word for sign in "./:@*")


def printed(path: Path) -> Iterator[list[str]]:
    for text in texts(ast.parse(path.read_text())):
        for found in COMMAND.finditer(" ".join(text.split())):
            yield [word.rstrip(".:") for word in found.group(1).split()]


def test_every_printed_command_can_be_run() -> None:
    wrong = [
        f"{path.name}: viapublica {' '.join(words)}: {problem}"
        for path in SOURCES
        for words in printed(path)
        if (problem := problem_of(words))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("camera unhold VALUE", "lacks --by"),
        ("camera unhold VALUE --by NAME", ""),
        ("camera unhold --by NAME --config FILE", "lacks an argument"),
        ("camera unhold ends it", ""),
        ("plates ABC1D23 --min-sure 0", "has no option --min-sure"),
    ],
)
def test_a_command_that_cannot_be_run_is_found(text: str, problem: str) -> None:
    assert problem_of(text.split()) == problem
