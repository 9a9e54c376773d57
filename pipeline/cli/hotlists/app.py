"""`viapublica hotlist`: the sub-app, and the options that its commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common.evaluation_note import note_evaluation
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ConfigOption, DataOption, ZoneOption, stores_of, zone_of
from pipeline.cli.query.options import CaseOption, PurposeOption
from pipeline.domain.requester import Requester
from pipeline.domain.times import format_time

if TYPE_CHECKING:
    from pipeline.app.hotlists.hot_list_service import HotListService

app = typer.Typer(
    help="Hot-lists of searched plates: add, import, list, export, remove, hits, check.\n\n"
    "A running `viapublica run` compares each plate with them as soon as its vote is certain. An entry has an "
    "authority, a case, an end, and the people who see its hits; nothing is stored about plates on no list.\n\n"
    "Example: [bold]viapublica hotlist hits --from today[/]",
    no_args_is_help=True,
)

ListOption = Annotated[str, typer.Option("--list", help="Only this list.", metavar="NAME")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """Options that name register, stores and zone, and say what it is for."""

    purpose: PurposeOption = ""
    case: CaseOption = ""
    register: RegisterOption = None
    zone: ZoneOption = None
    config: ConfigOption = None
    data: DataOption = None
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False

    @contextmanager
    def opened(self, *, create: bool = False) -> Iterator[HotListService]:
        """The hot-lists.

        Raises:
            ViapublicaError: the register cannot be opened.
        """
        note_evaluation()
        with hot_lists(self.register, self.config, self.data, self.requester(), create=create) as service:
            yield service

    def requester(self) -> Requester:
        """The operating system's user, with purpose and case of these options, else of the environment."""
        own = Requester.of_process()
        return Requester(user=own.user, purpose=self.purpose or own.purpose, case=self.case or own.case)

    def time(self, at_ms: int) -> str:
        """A time for people, in the zone."""
        return format_time(at_ms, zone_of(self.zone, self.config, self.data))


@contextmanager
def hot_lists(
    register: str | None, config: Path | None, data: Path | None, requester: Requester, *, create: bool = False
) -> Iterator[HotListService]:
    """The hot-lists of the register that options name.

    Raises:
        ViapublicaError: the register cannot be opened.
    """
    from pipeline.app.hotlists.hot_list_service import HotListService  # here: SQLAlchemy takes long to import

    where = register_of(register, config, data)
    with HotListService(where, stores_of(config, data), requester, create=create) as service:
        yield service
