"""`viapublica alerts ack`, `escalate`, `close`, `comment`: what a person does with an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.alerts.options import IncidentArgument, IncidentOptions, TakeOverOption, opened_incidents
from pipeline.cli.common.console import err, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.query.portuguese_texts import INCIDENT_STATES
from pipeline.domain.incident import CloseReason, IncidentAction
from pipeline.domain.language import ENGLISH

if TYPE_CHECKING:
    from pipeline.domain.incident import IncidentRecord

_TEXT = "Text of the comment; no plates, and nothing sensitive about people."


@with_option_groups
def acknowledge(
    incident: IncidentArgument,
    comment: Annotated[str, typer.Option("--comment", help=_TEXT)] = "",
    take_over: TakeOverOption = False,
    *,
    options: IncidentOptions,
) -> None:
    """Acknowledge an incident: it is yours from then on, and others are notified of that.

    Example: [bold]viapublica alerts ack 3f2a91c0 --purpose mobility[/]
    """
    _do(options, incident, IncidentAction.ACKNOWLEDGE, text=comment, take_over=take_over)


@with_option_groups
def escalate(
    incident: IncidentArgument,
    comment: Annotated[str, typer.Option("--comment", help="To which office, and why.", show_default=False)],
    take_over: TakeOverOption = False,
    *,
    options: IncidentOptions,
) -> None:
    """Escalate an incident: to another office, with the reason.

    Example: [bold]viapublica alerts escalate 3f2a91c0 --comment "SAMU notified, lane blocked"[/]
    """
    _do(options, incident, IncidentAction.ESCALATE, text=comment, take_over=take_over)


@with_option_groups
def close(
    incident: IncidentArgument,
    reason: Annotated[CloseReason, typer.Option("--reason", help="What it was.", show_default=False)],
    duplicate_of: Annotated[str, typer.Option("--of", help="The incident that this one repeats.")] = "",
    comment: Annotated[str, typer.Option("--comment", help=_TEXT)] = "",
    take_over: TakeOverOption = False,
    *,
    options: IncidentOptions,
) -> None:
    """Close an incident as true, false, duplicate or test.

    Example: [bold]viapublica alerts close 3f2a91c0 --reason false --comment "shadow of a bridge"[/]
    """
    _do(
        options,
        incident,
        IncidentAction.CLOSE,
        text=comment,
        reason=reason,
        duplicate_of=duplicate_of,
        take_over=take_over,
    )


@with_option_groups
def comment(
    incident: IncidentArgument,
    text: Annotated[str, typer.Argument(help=_TEXT, show_default=False)],
    *,
    options: IncidentOptions,
) -> None:
    """Add a comment to an incident, also to one that another person has, or that is closed.

    Example: [bold]viapublica alerts comment 3f2a91c0 "tow truck on its way"[/]
    """
    _do(options, incident, IncidentAction.COMMENT, text=text)


def _do(options: IncidentOptions, incident: str, action: IncidentAction, **how: Any) -> None:
    with opened_incidents(options) as incidents:
        record = incidents.do(incident, action, **how)
    if not options.show_json(record):
        say(err, _done(record, options))


def _done(record: IncidentRecord, options: IncidentOptions) -> str:
    language = options.language
    state = record.state.value if language is ENGLISH else INCIDENT_STATES[record.state.value]
    if not record.holder:
        return language.text("incident {incident}: {state}", incident=record.incident, state=state)
    return language.text(
        "incident {incident}: {state} by {person} since {time}",
        incident=record.incident,
        state=state,
        person=record.holder,
        time=options.time(record.held_ms),
    )
