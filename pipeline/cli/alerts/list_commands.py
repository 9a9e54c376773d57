"""`viapublica alerts list` and `show`: incidents with their state, and one with its alerts and steps."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from pipeline.app.questions import Events
from pipeline.cli.alerts.options import IncidentArgument, IncidentListOptions, IncidentOptions, opened_incidents
from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.query.output import AnswerTable
from pipeline.cli.query.table_portuguese import heading, rows_in_portuguese
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.events import AlertEvent
from pipeline.domain.incident import IncidentRow, IncidentState, IncidentStep
from pipeline.domain.language import ENGLISH

if TYPE_CHECKING:
    from pipeline.app.alerts.incident_answers import IncidentDetails

_SHOWN_ID = 12
_WITHHELD = "{incidents} about plates are not shown: you may not review alerts of plates"


@with_option_groups
def list_incidents(
    state: Annotated[
        list[IncidentState] | None, typer.Option("--state", help="Only incidents in this state; may be repeated.")
    ] = None,
    *,
    query: IncidentListOptions,
) -> None:
    """List incidents, newest first, with who has them. --limit counts alerts.

    Example: [bold]viapublica alerts list --state new --state acknowledged --from 8h[/]

    Example: [bold]viapublica alerts list --from today --locale pt-BR[/]

    Example: [bold]viapublica alerts list --hits --purpose criminal-investigation --case IP-12/2026[/]
    """
    output, zone, language = query.output(), query.time_zone(), query.language
    with opened_incidents(query) as incidents:
        found = incidents.list(Events(**query.scope()), states=state or (), locale=query.locale)
    table = AnswerTable(
        [IncidentRow],
        ["incident", "time", "camera", "rule", "severity", "state", "holder", "alerts", "text"],
        lambda row: (
            row.incident[:_SHOWN_ID],
            language.time(row.first_ts_ms, zone),
            found.answer.camera_label(row.camera_id),
            row.rule,
            row.severity.value,
            row.state.value,
            row.holder or "-",
            row.alerts,
            row.text,
        ),
    )
    if found.withheld:
        hidden = language.counted(found.withheld, "incident")
        say(err, language.text(_WITHHELD, incidents=hidden))
    output.show(language.text("Incidents"), found.answer, found.answer.value, table)


@with_option_groups
def show(incident: IncidentArgument, *, options: IncidentOptions) -> None:
    """Show one incident: its alerts with their evidence, and what people have done with it.

    Example: [bold]viapublica alerts show 3f2a91c0[/]
    """
    with opened_incidents(options) as incidents:
        details = incidents.show(incident, options.locale)
    if options.as_json:
        steps = [asdict(step) for step in details.steps]
        alerts = [msgspec.to_builtins(alert) for alert in details.alerts]
        print_json({**msgspec.to_builtins(details.row), "alerts": alerts, "steps": steps})
        return
    _print(details, options)


def _print(details: IncidentDetails, options: IncidentOptions) -> None:
    row, language = details.row, options.language
    say(out, f"{language.text('incident')} {row.incident}: {row.text or row.rule}")
    alerts = [_alert_cells(one, options) for one in details.alerts]
    _table("Alerts", ["time", "camera", "rule", "severity", "phase", "evidence", "text"], alerts, options)
    steps = [_step_cells(one, options) for one in details.steps]
    if steps:
        _table("Steps", ["time", "person", "action", "reason", "duplicate of", "text"], steps, options)
    else:
        say(err, language.text("no person has acknowledged it"))


def _alert_cells(alert: AlertEvent, options: IncidentOptions) -> tuple[str, ...]:
    return (
        options.time(alert.ts_ms),
        alert.camera_id,
        alert.rule,
        alert.severity.value,
        alert.phase.value or "-",
        alert.evidence or "-",
        alert_sentence(alert, options.locale),
    )


def _step_cells(step: IncidentStep, options: IncidentOptions) -> tuple[str, ...]:
    return (
        options.time(step.at_ms),
        step.by,
        step.action.value,
        step.reason.value if step.reason else "-",
        step.duplicate_of[:_SHOWN_ID] or "-",
        step.text,
    )


def _table(title: str, columns: list[str], rows: list[tuple[str, ...]], options: IncidentOptions) -> None:
    if options.language is ENGLISH:
        print_table(title, columns, rows)
    else:
        print_table(options.language.text(title), [*map(heading, columns)], rows_in_portuguese(columns, rows))
