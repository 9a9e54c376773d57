"""`viapublica doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.app.doctor import Finding, State, examine
from pipeline.cli.common.console import err, out, print_json
from pipeline.config import load_config
from pipeline.observe import logs

_COLORS = {State.WORKING: "green", State.ABSENT: "yellow", State.BROKEN: "bold red"}


def doctor(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Also ask its servers.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with the weights.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A list of findings.")] = False,
) -> None:
    """Look at each component: is it there, which version, does it work, and how to mend it. Status 1 if one is broken.

    Example: [bold]viapublica doctor --config configs/city.yaml[/]
    """
    logs.configure("error", "auto")
    settings = load_config(config) if config else None
    findings: list[Finding] = []
    with err.status("looking") as status:
        for finding in examine(settings, models):
            status.update(Text(f"looked at {finding.component}"))
            findings.append(finding)
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        _show(findings)
    if any(finding.state is State.BROKEN for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[Finding]) -> None:
    table = Table(header_style="bold")
    for column in ("component", "state", "version", "found", "how to mend"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        color = _COLORS[finding.state]
        fix = "" if finding.state is State.WORKING else finding.fix
        table.add_row(
            Text(finding.component),
            Text(finding.state.value, style=color),
            Text(finding.version),
            Text(finding.detail),
            Text(fix),
        )
    out.print(table)
