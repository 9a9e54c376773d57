"""A run uses the fastest backend and threads of its machine; the demo measures nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from pipeline.app import demo
from pipeline.engine import build
from pipeline.errors import ViapublicaError
from tests.cli.commands import app

_CONFIG = """
version: 1
institution: city
data_dir: data
cameras: [{id: square, source: square.mp4, scope: public-square}]
sinks: [{type: jsonl, path: events.jsonl}]
"""


def test_a_run_measures_where_the_demo_does_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build, "autotuned", lambda *_: _stop("autotuned"))
    monkeypatch.setattr(build, "open_detector", lambda *_: _stop("opened as configured"))
    path = tmp_path / "city.yaml"
    path.write_text(_CONFIG)
    monkeypatch.setattr(demo, "prepare_demo", lambda _: path)  # rendering takes seconds
    assert _error("run", str(path)) == "autotuned"
    assert _error("demo", "--out", str(tmp_path / "demo")) == "opened as configured"


def _stop(reason: str) -> NoReturn:
    raise ViapublicaError("detector", reason, "")


def _error(*words: str) -> str:
    error = CliRunner().invoke(app, words).exception
    assert isinstance(error, ViapublicaError), error
    return error.problem
