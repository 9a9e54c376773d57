"""What cannot be undone is confirmed, and a missing answer is an error that names --yes."""

from __future__ import annotations

import io

import pytest

from pipeline.cli.common.confirmation import confirmed
from pipeline.errors import ConfigError


@pytest.mark.parametrize(("answer", "agrees"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_answer_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch, answer: str, agrees: bool) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert confirmed("Erase?", yes=False) is agrees


def test_without_an_answer_the_error_names_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(ConfigError, match=r"no terminal to ask at.*--yes"):
        confirmed("Erase?", yes=False)


def test_with_the_option_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert confirmed("Erase?", yes=True)
    assert capsys.readouterr() == ("", "")
