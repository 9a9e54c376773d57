"""`viapublica store`: care of the event store."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.app.dashboard_access import dashboard_access
from pipeline.app.output_files import output_file
from pipeline.cli.common.store_options import ConfigOption, stores_of
from pipeline.cli.operate.erase_command import erasures

app = typer.Typer(
    help="The event store: proofs of erasures, the user of dashboards.\n\n"
    "Example: [bold]viapublica store erasures --config configs/city.yaml[/]",
    no_args_is_help=True,
)
app.command("erasures")(erasures)


@app.command("dashboard-user")
def dashboard_user(
    config: ConfigOption = None,
    target: Annotated[str, typer.Option("--out", help="File for users.d of the server; standard output without.")] = "",
) -> None:
    """Write the ClickHouse user of the dashboards: figures of lines and zones, states and alerts; no plates, no tracks.

    It reads the cameras of the configuration and of the data folder, without those at sensitive places. Its password is
    in the server's environment: DASHBOARDS_PASSWORD. Write it anew when a camera is added or declared anew.

    Example: [bold]viapublica store dashboard-user --config configs/city.yaml --out configs/clickhouse/dashboards.xml[/]
    """
    text = dashboard_access(stores_of(config, None))
    if not target:
        typer.echo(text, nl=False)
        return
    with output_file("--out", target, "w", encoding="utf-8") as stream:
        stream.write(text)
