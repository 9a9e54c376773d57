"""The group of all commands: its overview comes from a table, and a command's module is loaded when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from pipeline.cli.command_table import COMMANDS, CommandEntry
from pipeline.cli.light_options import lighten
from pipeline.domain.credentials import redact
from pipeline.domain.decimal_comma import with_point

__all__ = ["LazyGroup", "load_command"]


class LazyGroup(TyperGroup):
    """Help, suggestions and completion of names come from `COMMANDS`; everything else from the loaded command."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_help_panel=entry.panel))
        lighten(self)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; its usage errors show no credentials of misplaced addresses, and a closed file a fix.

        A class of a library in front of them ("Value error, 'x' is not one of …") is left out.
        """
        words = [*getattr(ctx, "_protected_args", ()), *ctx.args]
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = getattr(error, "message", None)
            if isinstance(message, str):
                error.message = redact(message.removeprefix("Value error, ")) + _fix(message, words)  # type: ignore[attr-defined]
            raise

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Name, loaded command and remaining arguments of a call."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else load_command(name, COMMANDS[name]), rest


def _fix(message: str, words: list[str]) -> str:
    if "valid number" in message or "valid float" in message:
        found = [(value, with_point(value)) for value in (word.rpartition("=")[2] for word in words)]
        return "".join(f"; {value} has a decimal comma: write {point}" for value, point in found if point)
    if not message.endswith(" is not readable."):
        return ""
    return (
        " Let the user of this command read it, as its owner or root: chgrp GROUP FILE and chmod 640 FILE, with a "
        "group of that user."
    )


def load_command(name: str, entry: CommandEntry) -> Any:
    """The command or group of an entry, under its name in the table."""
    module, _, attribute = entry.target.partition(":")
    loaded = getattr(import_module(f"pipeline.cli.{module}"), attribute)
    parent = typer.Typer(add_completion=False, rich_markup_mode="rich")
    parent.callback()(_no_options)
    if isinstance(loaded, typer.Typer):
        parent.add_typer(loaded, name=name)
    else:
        parent.command(name)(loaded)
    group: Any = get_command(parent)
    lighten(group)
    return group.commands[name]


def _no_options() -> None:
    pass
