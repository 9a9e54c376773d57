"""`viapublica alerts test`: send a test alert by the channels of a configuration."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.common.console import print_json, print_table
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.store_options import ConfigOption
from pipeline.cli.query.options import CaseOption, PurposeOption
from pipeline.domain.requester import Requester


@with_option_groups
def send_test(
    config: ConfigOption = None,
    channel: Annotated[list[str] | None, typer.Option("--channel", help="Only this channel; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
    purpose: PurposeOption = "",
    case: CaseOption = "",
) -> None:
    """Send a test alert by every channel, at once and past its spool, and show the answer of the destination.

    Ends with status 1 when a channel does not confirm it.

    Example: [bold]viapublica alerts test --channel cco --config city.yaml[/]
    """
    from pipeline.app.alerts.channel_probe import probe_channels
    from pipeline.cli.common.default_config import chosen_config

    own = Requester.of_process()
    requester = Requester(user=own.user, purpose=purpose or own.purpose, case=case or own.case)
    results = probe_channels(chosen_config(config), tuple(channel or ()), requester)
    if as_json:
        for one in results:
            print_json(asdict(one))
    else:
        rows = [(one.channel, one.kind, one.target, "confirmed" if one.ok else "failed", one.answer) for one in results]
        print_table("Test alert", ["channel", "kind", "target", "result", "answer"], rows)
    if not all(one.ok for one in results):
        raise typer.Exit(1)
