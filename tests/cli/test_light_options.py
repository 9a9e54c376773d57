"""Values that are taken without Pydantic are those that Typer's own conversion gives."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.main import get_command

from pipeline.cli.light_options import lighten


class _Layout(Enum):
    OLD = "old"
    NEW = "new"


_VALUES: dict[str, Any] = {}


def _show(
    names: Annotated[list[str] | None, typer.Argument(envvar="NAMES")] = None,
    *,
    text: Annotated[str, typer.Option(envvar="TEXT")] = "a",
    nothing: str | None = None,
    shouted: Annotated[str, typer.Option(parser=str.upper)] = "b",
    part: list[str] | None = None,
    number: Annotated[int, typer.Option(min=1, max=9)] = 5,
    share: Annotated[float, typer.Option(max=1)] = 1,
    layout: _Layout = _Layout.OLD,
    several: list[_Layout] | None = None,
    path: Annotated[Path, typer.Option(exists=True)] = Path("/"),
    flag: bool = False,
) -> None:
    _VALUES.update(locals())


def _outcome(words: list[str], *, light: bool) -> tuple[str, dict[str, Any]]:
    """The error of a command, and else the values that it was given."""
    app = typer.Typer(add_completion=False)
    app.command()(_show)
    command: Any = get_command(app)
    if light:
        lighten(command)
    _VALUES.clear()
    try:
        command(words, standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - compared with the other one
        return f"{type(error).__name__} {getattr(error, 'message', error)}", {}
    return "", dict(_VALUES)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x y 5 --text= --nothing n --shouted c --part p --part q",
        "--number 5 --number 7 --share 0.5 --layout new --several new --several old --flag",
        "--number 10",
        "--number x",
        "--share 2",
        "--layout other",
        "--several other",
        "--path /no/such/folder",
        "--path /usr --part",
    ],
)
def test_values_and_errors_are_those_of_typer(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXT", "of the environment")
    monkeypatch.setenv("NAMES", "u v")
    light, of_typer = _outcome(line.split(), light=True), _outcome(line.split(), light=False)
    assert light == of_typer
    assert {name: type(value) for name, value in light[1].items()} == {
        name: type(value) for name, value in of_typer[1].items()
    }
