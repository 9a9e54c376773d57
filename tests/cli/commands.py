"""Runs `viapublica` as its users do: as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.cli.app import build_app

app: Final = build_app()
"""All commands, for tests that run them in their own process."""


def viapublica(
    *arguments: str | Path,
    models: Path | None = None,
    cwd: Path | None = None,
    timeout_s: float = 240,
    environ: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """The finished command."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "160", **(environ or {})}
    # The suite starts a hundred of these; each would compile the whole package again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if models is not None:
        environment["VIAPUBLICA_MODELS"] = str(models)
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd,
        timeout=timeout_s,
        check=False,
    )
