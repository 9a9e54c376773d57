"""`viapublica alerts`: the group of its commands."""

from __future__ import annotations

import typer

from pipeline.cli.alerts import incident_commands, list_commands
from pipeline.cli.alerts.channel_command import send_test
from pipeline.cli.alerts.hand_over_command import hand_over
from pipeline.cli.alerts.replay_command import replay
from pipeline.cli.alerts.thresholds_command import thresholds

app = typer.Typer(
    help="Incidents: list, show, ack, escalate, close, comment, hand-over, test, replay.\n\n"
    "An incident joins the alerts of one condition. It is new until a person acknowledges it, and each step is in the "
    "audit before it counts.\n\nExample: [bold]viapublica alerts list --state new --from today[/]",
    no_args_is_help=True,
)
app.command("list")(list_commands.list_incidents)
app.command("show")(list_commands.show)
app.command("ack")(incident_commands.acknowledge)
app.command("escalate")(incident_commands.escalate)
app.command("close")(incident_commands.close)
app.command("comment")(incident_commands.comment)
app.command("hand-over")(hand_over)
app.command("test")(send_test)
app.command("replay")(replay)
app.command("thresholds")(thresholds)
