"""Groups of options, as Typer makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import typer
from typer.testing import CliRunner

from pipeline.cli.common.option_groups import with_option_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    loud: Annotated[bool, typer.Option("--loud", help="In capitals.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting(Shared):
    start: Annotated[str, typer.Option("--from", help="Sender.")] = "us"
    to: Annotated[list[str], typer.Option("--to", help="Recipient; may be repeated.")] = field(default_factory=list)


@with_option_groups
def greet(word: Annotated[str, typer.Argument()], times: int = 1, *, greeting: Greeting) -> None:
    """Greet."""
    text = f"{word} {times} {' '.join(greeting.to)} from {greeting.start}"
    typer.echo(text.upper() if greeting.loud else text)


app = typer.Typer()
app.command()(greet)


def said(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_fields_of_a_group_are_options_beside_those_of_the_command() -> None:
    assert said("hello") == "hello 1  from us\n"
    assert said("hello", "--to", "ana", "--to", "rui", "--from", "me", "--times", "2") == "hello 2 ana rui from me\n"
    assert said("hello", "--loud") == "HELLO 1  FROM US\n"


def test_the_help_lists_own_options_before_inherited_ones() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout
    assert text.index("--from") < text.index("--to") < text.index("--loud")
    assert "Sender." in text


def test_the_command_can_be_called_as_a_function() -> None:
    greet("hello", to=["ana"])
