"""Isolation of commands that make or judge releases: they run again without what an environment injects into Python.

A module that `PYTHONPATH` names, or a library that `LD_PRELOAD` names, is loaded before the first line of a command and
could replace its masks and its verification, while the installed package has every right digest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from pipeline.domain.process_environment import without_injection

_COMMANDS: Final = frozenset({"release"})


def isolate_process(arguments: Sequence[str]) -> None:
    """Replace this process by an isolated one (``python -I``, without those variables) for a command of releases.

    Returns where the command needs none, or is isolated already.

    Args:
        arguments: of the command, without its name.
    """
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command not in _COMMANDS:
        return
    environment = without_injection(os.environ)
    if sys.flags.isolated and len(environment) == len(os.environ):
        return
    options = ["-I", *(["-B"] if sys.dont_write_bytecode else [])]
    os.execve(sys.executable, [sys.executable, *options, "-m", "pipeline.cli", *arguments], environment)  # noqa: S606
