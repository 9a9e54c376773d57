"""`viapublica doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.app.doctor import ComponentCheck, ComponentState, check_components, load_for_checks
from pipeline.app.logging_setup import configure_logging
from pipeline.cli.common.console import err, out, print_json

_COLORS = {ComponentState.WORKING: "green", ComponentState.ABSENT: "yellow", ComponentState.BROKEN: "bold red"}


def doctor(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Also check its servers.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", help="Folder with the weights, in place of the configuration's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A list of components.")] = False,
) -> None:
    """Check each component of the installation, with a fix for what does not work.

    Status 1 if one is broken.

    Example: [bold]viapublica doctor --config configs/city.yaml[/]
    """
    configure_logging("error", "auto")
    settings, checks = load_for_checks(config) if config else (None, [])
    with err.rich.status("checking") as status:
        for check in check_components(settings, models):
            status.update(Text(f"checked {check.component}"))
            checks.append(check)
    if as_json:
        print_json([check._asdict() for check in checks])
    else:
        _show(checks)
    if any(check.state is ComponentState.BROKEN for check in checks):
        raise typer.Exit(1)


def _show(checks: list[ComponentCheck]) -> None:
    table = Table(header_style="bold")
    for column in ("component", "state", "version", "found", "fix"):
        table.add_column(column, overflow="fold")
    for check in checks:
        table.add_row(
            Text(check.component),
            Text(check.state.value, style=_COLORS[check.state]),
            Text(check.version),
            Text(check.detail),
            Text("" if check.state is ComponentState.WORKING else check.fix),
        )
    out.rich.print(table)
