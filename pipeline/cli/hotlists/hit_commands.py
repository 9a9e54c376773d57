"""`viapublica hotlist hits`: passages of listed vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from pipeline.app.journeys import camera_locations, known_locations
from pipeline.cli.common.default_config import has_config
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.register_options import RegisterOption
from pipeline.cli.common.store_options import loaded_config
from pipeline.cli.hotlists.app import ListOption, hot_lists
from pipeline.cli.hotlists.entry_commands import app
from pipeline.cli.query.options import QueryOptions
from pipeline.cli.query.output import AnswerTable

__all__ = ["app"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitOptions(QueryOptions):
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
    from pipeline.app.hotlists.list_hits import HitsWanted, ListHit, list_hits  # here: SQLAlchemy takes long to import

    output, zone, language = query.output(), query.time_zone(), query.language
    locations = (
        known_locations(camera_locations(loaded_config(query.config).cameras)) if has_config(query.config) else {}
    )
    wanted = HitsWanted(list_name=name, entry=entry, route=route, locations=locations, **query.scope())
    with (
        hot_lists(query.register, query.config, query.data, query.requester()) as service,
        query.open() as store,
    ):
        answer = list_hits(service, store, wanted)
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
