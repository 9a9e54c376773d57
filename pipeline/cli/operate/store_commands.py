"""`viapublica store`: care of the event store."""

from __future__ import annotations

import typer

from pipeline.cli.operate.erase_command import erasures

app = typer.Typer(
    help="The event store: proofs of erasures.\n\n"
    "Example: [bold]viapublica store erasures --config configs/city.yaml[/]",
    no_args_is_help=True,
)
app.command("erasures")(erasures)
