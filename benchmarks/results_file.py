"""How results are written down: a table per benchmark, with machine and commit."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def machine() -> str:
    """Words for the machine and the commit that was measured."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    cores = len(os.sched_getaffinity(0))
    python = platform.python_version()
    return f"{cores} cores {platform.machine()}, no GPU, Python {python}, commit {commit.stdout.strip()}."


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)])


def write_table(
    path: Path, title: str, how: str, *, columns: Sequence[str], rows: Sequence[Sequence[Any]], after: str = ""
) -> None:
    """A Markdown page with one table."""
    lines = [f"# {title}", "", how, "", markdown(columns, rows), "", after]
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
