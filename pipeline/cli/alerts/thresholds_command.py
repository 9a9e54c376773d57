"""`viapublica alerts thresholds`: what the rules of each camera compare with at this hour."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.common.console import out, print_json, print_table, say
from pipeline.cli.common.store_options import ConfigOption, loaded_config


def thresholds(
    camera: Annotated[
        list[str] | None, typer.Option("--camera", help="Only of this camera; may be repeated.", show_default=False)
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line on standard output.")] = False,
) -> None:
    """Show the thresholds of alert rules at this hour: stated, learned or by default.

    Example: [bold]viapublica alerts thresholds --camera av-paulista-900[/]
    """
    from pipeline.app.alerts.thresholds import camera_thresholds
    from pipeline.app.logging_setup import configure_logging

    configure_logging("warning", "auto")
    found = camera_thresholds(loaded_config(config), camera or ())
    if as_json:
        for camera_id, one in found:
            print_json({"camera": camera_id, **one._asdict()})
        return
    if not found:
        say(out, "no camera with zones")
        return
    rows = [
        (
            camera_id,
            one.rule.value,
            one.zone or "-",
            one.name,
            round(one.value, 1),
            "stated" if one.stated else "learned" if one.usual is not None else "default",
            "-" if one.usual is None else round(one.usual, 1),
            one.seen,
        )
        for camera_id, one in found
    ]
    columns = ["camera", "rule", "zone", "threshold", "value", "from", "usual", "figures"]
    print_table("Thresholds at this hour", columns, rows)
