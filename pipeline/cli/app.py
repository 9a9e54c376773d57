"""The entry point of `viapublica`: its overview, and how errors end a command."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, Final

import typer

from pipeline import __version__
from pipeline.cli.common.process_privacy import protect_process
from pipeline.cli.lazy_group import LazyGroup
from pipeline.errors import ViapublicaError

_NAME: Final = "viapublica"
_HELP: Final = (
    "Privacy-keeping video analytics for public-road cameras: plate reads and traffic events out.\n\n"
    "Example: [bold]viapublica run configs/demo.yaml[/]"
)


def build_app() -> typer.Typer:
    """The command line; a command is loaded when it is called."""
    app = typer.Typer(
        name=_NAME,
        help=_HELP,
        cls=LazyGroup,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    return app


def _version(value: bool) -> None:
    if value:
        typer.echo(f"viapublica {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command of `sys.argv`. Errors raised on purpose become one clear message and exit status 1."""
    # Names of files need not be UTF-8; they are shown with backslashes (in JSON, that is the right escape).
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    protect_process()
    try:
        build_app()(prog_name=_NAME)
    except ViapublicaError as error:
        from pipeline.cli.common.console import report_error  # here: rich takes long to import

        report_error(error)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output (head, less) closed it. Python would complain again while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
