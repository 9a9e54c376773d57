"""Runs `viapublica` as its users do, as a process of its own, or faster in the process of the test."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

from pipeline.cli.app import build_app
from pipeline.cli.common.console import report_error
from pipeline.errors import ViapublicaError

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


def viapublica_here(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The finished command, run in this process: half a second faster, for what depends on no process.

    Raises:
        Exception: what would be a traceback.
    """
    words = [str(argument) for argument in arguments]
    with contextlib.chdir(cwd or Path.cwd()):
        done = CliRunner().invoke(app, words, prog_name="viapublica")
    message = io.StringIO()
    if isinstance(done.exception, ViapublicaError):
        with contextlib.redirect_stderr(message):
            report_error(done.exception)
    elif done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr + message.getvalue())
