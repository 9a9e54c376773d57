"""`viapublica camera discard`: what a camera captured by accident, removed at once (decree 18.743/2014 art. 15)."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.app.erasure.erase import Selection
from pipeline.cli.common.confirmation import confirmed
from pipeline.cli.common.console import err, say
from pipeline.cli.common.person_name import person
from pipeline.cli.common.register_options import RegisterOption, register_of
from pipeline.cli.common.store_options import ConfigOption, DataOption, ZoneOption, stores_of, zone_of
from pipeline.cli.operate.erase_output import (
    fail_for_holds,
    left_in_words,
    numbers_in_words,
    print_erased,
    print_places,
    print_range,
)
from pipeline.domain.requester import Requester
from pipeline.domain.times import parse_range
from pipeline.errors import ViapublicaError


def discard(
    camera: Annotated[list[str], typer.Argument(metavar="CAMERA...", help="Cameras.")],
    start: Annotated[str, typer.Option("--from", help="From: 2026-11-22T08:00-03:00, today, 2h (ago).")],
    end: Annotated[str, typer.Option("--to", help="Before: like --from.")],
    reason: Annotated[str, typer.Option("--reason", help="What was captured, without describing people.")],
    by: Annotated[
        str | None, typer.Option("--by", help="Name of the person who decides.  [default: your login name]")
    ] = None,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    register: RegisterOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Remove what was captured by accident, at once: video, previews, events, spools and files of a time.

    The run must be stopped. The discard is in the audit before anything is removed, and proven as an erasure is. Exits
    with status 1 if anything is left, also if a hold preserves it.

    Example: [bold]viapublica camera discard av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T08:10-03:00
    --reason "the camera was turned to the inside of a home" --by "A. Souza"[/]
    """
    from pipeline.app.erasure.discard import open_discard  # here: SQLAlchemy takes long to import
    from pipeline.app.erasure.proof import ErasureProof

    if as_json and not yes:
        raise ViapublicaError("camera discard --json", "cannot ask whether to discard", "Add --yes")
    place = zone_of(zone, config, data)
    selection = Selection.of(None, camera, *parse_range(start, end, place))
    print_range(selection, place)
    stores = stores_of(config, data)
    where = register_of(register, config, data)
    proof = ErasureProof(where, person(by), reason, institution=stores.institution, zone=place, screen=stores.screen)
    with open_discard(selection, stores, proof, Requester.of_process()) as opened:
        erasure = opened.erasure
        places = erasure.preview()
        numbers = numbers_in_words(erasure.events, places, place)
        if not as_json:
            print_places(places, "To be discarded", place, erasure)
        if not confirmed(f"Discard {numbers} for good?", yes=yes):
            say(err, "nothing was discarded")
            raise typer.Exit(1)
        with err.rich.status("discarding") as status:
            done = opened.discard(lambda doing: status.update(f"discarding: {doing}"))
    if as_json:
        print_erased(erasure, places, done, done.disclosed)
    else:
        print_places(done.places, "Discarded", place)
        say(err, f"{numbers} discarded; counted again: {left_in_words(done.places)}")
        say(err, f"proof {done.number}: {', '.join(map(str, done.documents))}")
        for note in done.disclosed:
            say(err, f"out of reach: {note}")
    if erasure.held:
        fail_for_holds("camera discard", erasure.held)
