"""All commands of `viapublica`, and how their errors look."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Annotated, Final

import typer

from pipeline import __version__
from pipeline.cli.common.console import tell_error
from pipeline.errors import ViapublicaError

_NAME: Final = "viapublica"
_HELP: Final = (
    "Privacy-keeping video analytics for public-road cameras: plate hits and traffic events out, nothing else."
)
_COMMANDS: Final = {
    "run": "operate.run_command:run",
    "detect": "media.commands:detect",
    "read": "media.commands:read",
    "anonymize": "release.anonymize_command:anonymize",
    "verify": "release.verify_command:verify",
    "certificate": "release.verify_command:certificate",
    "plates": "query.event_commands:plates",
    "route": "query.journey_commands:route",
    "convoy": "query.journey_commands:convoy",
    "clones": "query.journey_commands:clones",
    "traffic": "query.traffic_command:traffic",
    "events": "query.event_commands:events",
    "cameras": "query.event_commands:cameras",
    "ingest": "operate.kafka_commands:ingest",
    "tail": "operate.kafka_commands:tail",
    "schema": "operate.kafka_commands:schema",
    "erase": "operate.retention_commands:erase",
    "doctor": "operate.doctor_command:doctor",
    "demo": "operate.demo_command:demo",
    "dead-letters": "operate.kafka_commands:app",
    "config": "operate.config_commands:app",
    "models": "operate.models_commands:app",
    "spool": "operate.spool_commands:app",
    "segments": "operate.segments_commands:app",
    "retention": "operate.retention_commands:retention_app",
    "release": "release.build_commands:app",
}
"""Name to module and function, or group of commands; in the order of the help."""


def build_app(only: str | None = None) -> typer.Typer:
    """The command line with all commands, or with one: loading them all takes more than a second.

    Args:
        only: name of a command; anything else is None.
    """
    app = typer.Typer(
        name=_NAME,
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in [only] if only in _COMMANDS else _COMMANDS:
        module, _, what = _COMMANDS[name].partition(":")
        command = getattr(import_module(f"pipeline.cli.{module}"), what)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _version(value: bool) -> None:
    if value:
        typer.echo(f"viapublica {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point. Errors raised on purpose become one clear message and exit status 1."""
    # Names of files need not be UTF-8; they are shown with backslashes (in JSON, that is the right escape).
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    completing = f"_{_NAME.upper()}_COMPLETE" in os.environ
    try:
        build_app(None if completing else next(iter(sys.argv[1:]), None))(prog_name=_NAME)
    except ViapublicaError as error:
        tell_error(error)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough. Python would complain again while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
