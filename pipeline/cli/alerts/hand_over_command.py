"""`viapublica alerts hand-over`: the hand-over of a shift, and its acknowledgement by the next one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.cli.alerts.options import IncidentOptions, opened_incidents
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.query.table_portuguese import heading
from pipeline.domain.incident import HandOver
from pipeline.domain.language import ENGLISH
from pipeline.errors import ViapublicaError

_COLUMNS = ["number", "time", "person", "incidents", "accepted by", "text"]


@with_option_groups
def hand_over(
    text: Annotated[str, typer.Argument(help="What the next shift should know; no plates.")] = "",
    accept: Annotated[int | None, typer.Option("--accept", help="Acknowledge the hand-over of this number.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the last hand-overs.")] = False,
    *,
    options: IncidentOptions,
) -> None:
    """Hand the open incidents over to the next shift, or acknowledge that.

    Example: [bold]viapublica alerts hand-over "lane closed at camera ponte-norte until 6 am"[/]

    Example: [bold]viapublica alerts hand-over --accept 12[/]
    """
    if bool(text) + (accept is not None) + listed != 1:
        raise ViapublicaError("hand-over", "needs a text, --accept NUMBER or --list", "Give one of them")
    with opened_incidents(options) as incidents:
        if listed:
            _show(incidents.hand_overs(), options)
            return
        written = incidents.hand_over(text) if accept is None else incidents.accept_hand_over(accept)
    if not options.show_json(written):
        say(err, _said(written, options))


def _said(written: HandOver, options: IncidentOptions) -> str:
    language = options.language
    incidents = language.counted(len(written.incidents), "incident")
    if written.accepted_by:
        return language.text("hand-over {number} acknowledged: {incidents}", number=written.number, incidents=incidents)
    return language.text(
        "hand-over {number} with {incidents}; the next shift: viapublica alerts hand-over --accept {number}",
        number=written.number,
        incidents=incidents,
    )


def _show(found: tuple[HandOver, ...], options: IncidentOptions) -> None:
    if options.as_json:
        for one in found:
            print_json(asdict(one))
        return
    rows = [
        (one.number, options.time(one.at_ms), one.by, len(one.incidents), one.accepted_by or "-", one.text)
        for one in found
    ]
    columns = _COLUMNS if options.language is ENGLISH else [*map(heading, _COLUMNS)]
    print_table(options.language.text("Hand-overs"), columns, rows)
