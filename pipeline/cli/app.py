"""All commands of `viapublica`, and how their errors look."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from pipeline import __version__
from pipeline.cli import (
    anonymise_command,
    backbone_commands,
    config_commands,
    demo_command,
    doctor_command,
    journey_commands,
    keeping_commands,
    media_commands,
    models_commands,
    query_commands,
    release_build,
    run_command,
    segments_command,
    spool_commands,
    traffic_command,
    verify_command,
)
from pipeline.cli.console import tell_error
from pipeline.errors import ViapublicaError

app = typer.Typer(
    name="viapublica",
    help="Privacy-keeping video analytics for public-road cameras: plate hits and traffic events out, nothing else.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run_command.run)
app.command("detect")(media_commands.detect)
app.command("read")(media_commands.read)
app.command("anonymise")(anonymise_command.anonymise)
app.command("verify")(verify_command.verify)
app.command("certificate")(verify_command.certificate)
app.command("plates")(query_commands.plates)
app.command("route")(journey_commands.route)
app.command("convoy")(journey_commands.convoy)
app.command("clones")(journey_commands.clones)
app.command("traffic")(traffic_command.traffic)
app.command("events")(query_commands.events)
app.command("cameras")(query_commands.cameras)
app.command("ingest")(backbone_commands.ingest)
app.command("tail")(backbone_commands.tail)
app.add_typer(backbone_commands.app, name="dead-letters")
app.command("schema")(backbone_commands.schema)
app.add_typer(config_commands.app, name="config")
app.add_typer(models_commands.app, name="models")
app.add_typer(spool_commands.app, name="spool")
app.add_typer(segments_command.app, name="segments")
app.add_typer(keeping_commands.retention_app, name="retention")
app.add_typer(release_build.app, name="release")
app.command("erase")(keeping_commands.erase)
app.command("doctor")(doctor_command.doctor)
app.command("demo")(demo_command.demo)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"viapublica {__version__}")
        raise typer.Exit


@app.callback()
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
    try:
        app()
    except ViapublicaError as error:
        tell_error(error)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough. Python would complain again while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
