"""Values as Brazilians write them, and things that are easily mixed up, get an error that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.errors import ConfigError
from tests.cli.commands import app

CONFIG = "cameras: [{id: a, source: 'rtsp://192.0.2.1/a', scope: public-road, latitude: '-15,5961'}]\n"


@pytest.mark.parametrize(
    ("words", "point"),
    [
        (["plates", "ABC1D23", "--min-confidence", "0,5"], "0,5 has a decimal comma: write 0.5"),
        (["plan", "--rate=2,5"], "2,5 has a decimal comma: write 2.5"),
        (["camera", "test", "a", "--seconds", "1,5"], "1,5 has a decimal comma: write 1.5"),
        (["plan", "--rate=x"], ""),
    ],
)
def test_a_decimal_comma_of_an_option_is_named(words: list[str], point: str) -> None:
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert point in done.output
    assert ("decimal comma" in done.output) == bool(point)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["config", "check", "city.yaml"], r"latitude: -15,5961 has a decimal comma. Write -15.5961"),
        (["plates", "ABC1D23", "--data", "city.yaml"], "is a file, not a data folder. Use --config city.yaml"),
        (["camera", "test", "127.0.0.1:8099/x.m3u8"], "An address begins with rtsp:// or http://"),
        (["camera", "test", "admin:secret@127.0.0.1"], "An address begins with rtsp:// or http://"),
    ],
)
def test_the_error_says_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "city.yaml").write_text(CONFIG)
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, ConfigError)
    assert problem in str(done.exception)
    assert "secret" not in str(done.exception)
