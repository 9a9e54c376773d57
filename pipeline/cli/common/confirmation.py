"""Confirmation of an action that cannot be undone: asked at a terminal, or given with --yes."""

from __future__ import annotations

import sys

import typer

from pipeline.errors import ConfigError


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether a person agrees.

    Args:
        question: to be answered with yes or no; no is the default.
        yes: the option --yes was given, so nothing is asked.

    Raises:
        ConfigError: standard input ended without an answer.
        typer.Abort: the person at the terminal interrupted the question.
    """
    if yes:
        return True
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        raise ConfigError(
            "the confirmation", "is missing, and there is no terminal to ask at", "Give --yes if you agree"
        ) from None
