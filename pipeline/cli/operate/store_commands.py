"""`viapublica store`: care of the event store."""

from __future__ import annotations

import typer

from pipeline.cli.operate.erase_command import erasures
from pipeline.cli.operate.retention_commands import retention_app

app = typer.Typer(
    help="The event store: retention, and proofs of erasures.\n\n"
    "Example: [bold]viapublica store retention show --config configs/city.yaml[/]",
    no_args_is_help=True,
)
app.add_typer(retention_app, name="retention")
app.command("erasures")(erasures)
