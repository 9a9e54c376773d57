"""`viapublica camera hold`, `holds` and `unhold`: times that neither retention nor erasure deletes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.holds import HoldGrounds, hold_json, hold_state, hold_time, list_holds, release_hold
from pipeline.app.logging_setup import configure_logging
from pipeline.cli.common.console import err, print_json, print_table, say
from pipeline.cli.common.option_groups import with_option_groups
from pipeline.cli.common.store_options import loaded_config, zone_of
from pipeline.cli.operate.camera_commands import ByOption, DirOption, ZoneOption, app
from pipeline.domain.hold import HoldBasis
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time, parse_range, parse_time
from pipeline.errors import RecordError

__all__ = ["app"]

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration of recordings and event stores."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundsOptions:
    """Options that say at whose request a hold is placed, and until when."""

    basis: Annotated[HoldBasis | None, typer.Option("--basis", help="At whose request.")] = None
    requester: Annotated[str, typer.Option("--requester", help="Person or body that asks for it.")] = ""
    document: Annotated[str, typer.Option("--document", help="Its letter, order or requisition.")] = ""
    until: Annotated[
        str | None,
        typer.Option("--until", help="When the hold ends by itself: 2027-01-31.  [default: when it is released]"),
    ] = None


@app.command()
@with_option_groups
def hold(
    camera: Annotated[str, typer.Argument(help="Camera.")],
    start: Annotated[str, typer.Option("--from", help="From: 2026-11-22T08:00-03:00, today, 2h (ago).")],
    end: Annotated[str, typer.Option("--to", help="Before: like --from.")],
    reason: Annotated[str, typer.Option("--reason", help="The order or the case.")],
    by: ByOption,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    folder: DirOption = None,
    *,
    grounds: GroundsOptions,
) -> None:
    """Preserve a time of a camera, its video, previews and events, until the hold ends; prints its id.

    Example: [bold]viapublica camera hold av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T09:00-03:00
    --reason "inquiry 12/2026" --basis police --requester "3ª Delegacia" --document "ofício 12/2026" --until 2027-01-31
    --by "A. Souza, control center"[/]
    """
    configure_logging("warning", "auto")
    place = zone_of(zone, config)
    start_ms, end_ms = parse_range(start, end, place)
    if start_ms is None or end_ms is None:
        raise RecordError("hold", "needs two times", "Give --from and --to")
    stated = HoldGrounds(
        basis=grounds.basis,
        requester=grounds.requester,
        document=grounds.document,
        expires_ms=None if grounds.until is None else parse_time(grounds.until, place),
    )
    stores = _stores(config, folder)
    hold_id, held = hold_time(stores, camera, start_ms, end_ms, reason=reason, by=by, grounds=stated)
    typer.echo(hold_id)
    size = sum(one.size for one in held) / 1e6
    say(err, f"held: {counted(len(held), 'file')}, {size:,.1f} MB of {camera}, and its events of that time")
    if not held and stores.record is not None:
        say(err, ("no video of that span is recorded yet, or it was pruned", "yellow"))


@app.command()
def holds(
    zone: ZoneOption = None,
    config: ConfigOption = None,
    folder: DirOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List the holds that were not released: at whose request, until when, and those that end soon or have ended.

    Example: [bold]viapublica camera holds --config configs/city.yaml[/]
    """
    configure_logging("warning", "auto")
    place, now_ms = zone_of(zone, config), time.time_ns() // 1_000_000
    found = list_holds(_stores(config, folder))
    for one in found:
        if (state := hold_state(one, now_ms)) != "in-force":
            ended = "has expired" if state == "expired" else "expires soon"
            at = format_time(one.expires_ms or 0, place)
            say(err, ("note:", "bold"), f" hold {one.hold_id} of {one.camera_id} {ended}: {at}")
    if as_json:
        for one in found:
            print_json(hold_json(one, now_ms))
        return
    rows = [
        (
            one.hold_id,
            one.camera_id,
            format_time(one.begin_ms, place),
            format_time(one.end_ms, place),
            one.basis or "-",
            ", ".join(filter(None, (one.requester, one.document))) or "-",
            one.reason,
            one.by,
            "-" if one.expires_ms is None else format_time(one.expires_ms, place),
        )
        for one in found
    ]
    print_table("Holds", ["id", "camera", "from", "to", "basis", "requester", "reason", "by", "until"], rows)


@app.command()
def unhold(
    hold_id: Annotated[str, typer.Argument(help="Id of the hold.")],
    by: ByOption,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    folder: DirOption = None,
) -> None:
    """Release a hold; what is due is deleted at the next round of retention.

    Example: [bold]viapublica camera unhold 0c5f11a2b3d4 --by "A. Souza, control center"[/]
    """
    configure_logging("warning", "auto")
    released = release_hold(_stores(config, folder), hold_id, by)
    begin, end = (format_time(at, zone_of(zone, config)) for at in (released.begin_ms, released.end_ms))
    say(err, f"released: {released.camera_id}, {begin} to {end}")


def _stores(config: Path | None, folder: Path | None) -> ConfiguredStores:
    """Those of --config; with --dir those of its recordings alone, whose audit lies beside them."""
    if folder is None:
        return ConfiguredStores.of_config(loaded_config(config))
    return ConfiguredStores.of_recordings(folder)
