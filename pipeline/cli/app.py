"""The entry point of `viapublica`: its overview, and how errors end a command."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, Final, NoReturn

import typer

from pipeline import __version__
from pipeline.cli.common.evaluation_note import note_evaluation
from pipeline.cli.common.process_privacy import protect_process
from pipeline.cli.common.system_errors import drop_output, in_words, open_standard_streams, raise_open_files
from pipeline.cli.lazy_group import LazyGroup
from pipeline.domain.requester import CASE_VARIABLE, PURPOSE_VARIABLE
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
    purpose: Annotated[
        str,
        typer.Option(
            "--purpose",
            envvar=PURPOSE_VARIABLE,
            help="What it is for, of the law's list, such as criminal-investigation; before the command.",
            show_default=False,
        ),
    ] = "",
    case: Annotated[
        str, typer.Option("--case", envvar=CASE_VARIABLE, help="Number of the case.", show_default=False)
    ] = "",
) -> None:
    del version  # its callback has ended the command
    os.environ[PURPOSE_VARIABLE], os.environ[CASE_VARIABLE] = purpose, case
    note_evaluation()


def main() -> None:
    """Run the command of `sys.argv`. Errors raised on purpose become one clear message and exit status 1."""
    open_standard_streams()
    # Names of files need not be UTF-8; they are shown with backslashes (in JSON, that is the right escape).
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    protect_process()
    raise_open_files()
    try:
        try:
            build_app()(prog_name=_NAME)
        finally:
            sys.stdout.flush()
    except ViapublicaError as error:
        _end(error)
    except BrokenPipeError:
        # The reader of our output (head, less) closed it, and what was left is not printed.
        drop_output()
        sys.exit(1)
    except (OSError, MemoryError, ImportError) as error:
        known = in_words(error)
        if known is None:
            raise
        drop_output()
        _end(known)


def _end(error: ViapublicaError) -> NoReturn:
    from pipeline.cli.common.console import report_error  # here: rich takes long to import

    report_error(error)
    sys.exit(1)
