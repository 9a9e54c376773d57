"""`viapublica hotlist hits`: passages of listed vehicles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.app.journeys import camera_locations, known_locations
from pipeline.cli.common.default_config import has_config
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.register_options import RegisterOption
from pipeline.cli.common.store_options import loaded_config
from pipeline.cli.hotlists.app import ListOption, hot_lists
from pipeline.cli.hotlists.entry_commands import app
from pipeline.cli.query.options import ServedQueryOptions
from pipeline.cli.query.output import AnswerTable

if TYPE_CHECKING:
    from pipeline.app.hotlists.list_hits import HitsWanted, ListHit
    from pipeline.app.questions import Answer

__all__ = ["app"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitOptions(ServedQueryOptions):
    """Options of a question to the event store, and the register."""

    register: RegisterOption = None


@app.command("hits")
@with_option_groups
def hits(
    name: ListOption = "",
    entry: Annotated[int | None, typer.Option("--entry", help="Only this entry.", show_default=False)] = None,
    route: Annotated[
        bool, typer.Option("--route", help="With the route on the day before each hit, a query of a journey.")
    ] = False,
    *,
    query: HitOptions,
) -> None:
    """List passages of listed vehicles, newest first: of the entries that name you, no others.

    Example: [bold]viapublica hotlist hits --from today --route --purpose criminal-investigation --case IP-12/2026[/]
    """
    from pipeline.app.hotlists.list_hits import HitsWanted, ListHit

    output, zone, language = query.output(), query.time_zone(), query.language
    answer = _answer(query, HitsWanted(list_name=name, entry=entry, route=route, **query.scope()))
    columns = ["time", "camera", "entry", "list", "plate", "case", "probability", "severity", "incident"]
    table = AnswerTable(
        [ListHit],
        [*columns, "route"] if route else columns,
        lambda hit: (
            language.time(hit.ts_ms, zone),
            answer.camera_label(hit.camera_id),
            hit.entry,
            hit.list,
            hit.plate or "-",
            hit.case,
            hit.probability,
            hit.severity.value,
            hit.incident[:12] or "-",
            *((hit.route or "-",) if route else ()),
        ),
    )
    output.show(language.text("Hits"), answer, answer.value, table)


def _answer(query: HitOptions, wanted: HitsWanted) -> Answer[list[ListHit]]:
    if query.server is not None:
        from pipeline.app.remote.server_address import parse_server
        from pipeline.app.remote.server_incidents import server_hits

        return server_hits(parse_server(query.server), query.requester(), wanted)
    from pipeline.app.hotlists.list_hits import list_hits

    if has_config(query.config):
        locations = known_locations(camera_locations(loaded_config(query.config).cameras))
        wanted = replace(wanted, locations=locations)
    with (
        hot_lists(query.register, query.config, query.data, query.requester()) as service,
        query.open() as store,
    ):
        return list_hits(service, store, wanted)
