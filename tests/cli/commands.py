"""Runs `viapublica` as its users do, as a process of its own, or faster in the process of the test."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
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


def viapublica_here(
    *arguments: str | Path,
    models: Path | None = None,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """The finished command, run in this process: a second of processor time less, for what depends on no process.

    Raises:
        Exception: what would be a traceback.
    """
    words = [str(argument) for argument in arguments]
    environment = {"NO_COLOR": "1", "COLUMNS": "160", **(environ or {})}
    if models is not None:
        environment["VIAPUBLICA_MODELS"] = str(models)
    message = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(cwd or Path.cwd()):
        for name, value in environment.items():
            patch.setenv(name, value)
        time.tzset()
        done = CliRunner().invoke(app, words, prog_name="viapublica")
        if isinstance(done.exception, ViapublicaError):
            with contextlib.redirect_stderr(message):
                report_error(done.exception)
    time.tzset()
    if done.exception is not None and not isinstance(done.exception, SystemExit | ViapublicaError):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr + message.getvalue())
