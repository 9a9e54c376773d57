"""`viapublica camera segments` and `prune`: recorded video, its gaps, and its retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.app.logging_setup import configure_logging
from pipeline.app.recordings import (
    CLOCK_FIX,
    CameraRecording,
    Hold,
    Pruned,
    VideoSegment,
    declared_masks,
    prune_video,
    record_settings,
    recorded_cameras,
    segment_json,
)
from pipeline.cli.common.console import err, out, print_json, print_table, say
from pipeline.cli.common.default_config import named_config
from pipeline.cli.common.store_options import zone_of
from pipeline.cli.operate.segment_check_output import verify_segments
from pipeline.domain.plural import counted
from pipeline.domain.recording import group_gaps
from pipeline.domain.times import format_time, local_time, parse_range, parse_time, zone_name
from pipeline.errors import RecordError

_SLOT_MS: Final = 900_000
"""A quarter of an hour in the bar of a day."""
_SEAM_MS: Final = 2000
"""A quarter of an hour with less than this missing counts as recorded throughout."""
_SHOWN_GAPS: Final = 50

app = typer.Typer(
    help="Cameras: add, test, snapshot, segments, hold, discard, register, suspend.\n\n"
    "Video leaves only through [bold]viapublica anonymize[/] and [bold]viapublica release[/]. For cameras that sent "
    "events see [bold]viapublica cameras[/].\n\n"
    "Example: [bold]viapublica camera segments --config configs/city.yaml[/]",
    no_args_is_help=True,
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration with a record section.")
]
DirOption = Annotated[
    Path | None, typer.Option("--dir", help="Folder of recorded video, instead of a configuration's.")
]
FromOption = Annotated[str | None, typer.Option("--from", help="Not before: 2026-11-22T08:00-03:00, today, 2h (ago).")]
ToOption = Annotated[str | None, typer.Option("--to", help="Before: like --from.")]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        "--zone",
        envvar="VIAPUBLICA_ZONE",
        help="Zone of times without an offset, such as America/Sao_Paulo; by default that of the configuration.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
ByOption = Annotated[str, typer.Option("--by", help="The person who decides: name and office.")]


@app.command()
def segments(
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only this camera; may be repeated.")] = None,
    start: FromOption = None,
    end: ToOption = None,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    folder: DirOption = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Compare the content of each file with the digest that the recorder noted."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show recorded video: each day as a bar, gaps with their reasons, holds. Also while a run records.

    With --verify: name the files that were changed, cut, exchanged or lost since they were recorded; status 1 if any.

    Example: [bold]viapublica camera segments --config configs/city.yaml --from today[/]
    """
    configure_logging("info", "auto")
    video, place = record_settings(config, folder).dir, zone_of(zone, config)
    start_ms, end_ms = parse_range(start, end, place)
    if verify:
        verify_segments(video, camera or (), (start_ms, end_ms), named_config(config), zone=place, as_json=as_json)
        return
    masks, named = declared_masks(config, folder), named_config(config)
    found = recorded_cameras(video, camera or (), start_ms, end_ms, masks, config=named)
    if as_json:
        print_json([one.as_json() for one in found])
        return
    for one in found:
        _show(one, place)
    if not found:
        say(err, f"{video}: no recorded video")


@app.command()
def prune(
    config: ConfigOption = None,
    folder: DirOption = None,
    trust_clock: Annotated[
        bool,
        typer.Option("--trust-clock", help="The clock is right: remove what it says is due, though it has jumped."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove the video that is due now, as a run does by itself.

    A clock that has jumped is not trusted: what is due because of it stays, and the status is 1.

    Example: [bold]viapublica camera prune --config configs/city.yaml[/]
    """
    configure_logging("info", "auto")
    done = prune_video(record_settings(config, folder), trust_clock=trust_clock, config=named_config(config))
    if as_json:
        print_json(
            {"removed": [segment_json(one) for one in done.removed], "held": len(done.held), "left_bytes": done.left}
        )
    else:
        say(err, _summary(done))
    if done.clock_held:
        raise RecordError("camera prune", "what is due by the clock was not removed", CLOCK_FIX)


def _summary(done: Pruned) -> str:
    text = f"removed {counted(len(done.removed), 'file')}, {_mb(done.removed_bytes)} MB; left {_mb(done.left)} MB"
    return text + f"; due and held: {counted(len(done.held), 'file')}" if done.held else text


def _show(recording: CameraRecording, zone: tzinfo | None) -> None:
    name, files = recording.camera_id, recording.segments
    first, last = (files[0].begin_ms, files[-1].end_ms) if files else (0, 0)
    span = f"{format_time(first, zone)} to {format_time(last, zone)}" if files else "no video in that span"
    say(out, (name, "bold"), f"  {span}, {counted(len(files), 'file')}, {_mb(recording.size)} MB")
    if files:
        say(out, f"days of {zone_name(zone)}")
        say(out, f"{'':12}{'00':24}{'06':24}{'12':24}{'18':24}24")
    for day in sorted({local_time(at, zone).date() for one in files for at in (one.begin_ms, _last_ms(one))}):
        say(out, *_bar(day, files, recording.holds, zone))
    note, fix = recording.unmasked_note
    if note:
        say(out, (note, "yellow"))
        say(out, fix)
    if gaps := group_gaps(recording.gaps):
        shown = [
            (format_time(g.begin_ms, zone), format_time(g.end_ms, zone), g.gaps, f"{g.missing_ms / 1000:.1f}", g.reason)
            for g in gaps
        ]
        note = f"and {len(gaps) - _SHOWN_GAPS} later rows; see --json" if len(gaps) > _SHOWN_GAPS else ""
        headings = ["from", "to", "gaps", "seconds missing", "reason"]
        print_table(f"Gaps: {name}", headings, shown[:_SHOWN_GAPS], note)
    if recording.holds:
        rows = [
            (h.hold_id, format_time(h.begin_ms, zone), format_time(h.end_ms, zone), h.reason, h.by)
            for h in recording.holds
        ]
        print_table(f"Holds: {name}", ["id", "from", "to", "reason", "by"], rows)


def _last_ms(one: VideoSegment) -> int:
    return max(one.begin_ms, one.end_ms - 1)


def _bar(
    day: date, files: Sequence[VideoSegment], holds: Sequence[Hold], zone: tzinfo | None
) -> list[str | tuple[str, str]]:
    """A day in quarters of an hour: █ video throughout, ▄ some, · none; yellow where held.

    A day on which clocks change has four quarters fewer or more.
    """
    begin_ms, end_ms = (parse_time(one.isoformat(), zone) for one in (day, day + timedelta(days=1)))
    parts: list[str | tuple[str, str]] = [f"{day:%Y-%m-%d}  "]
    for at in range(begin_ms, end_ms, _SLOT_MS):
        after = at + _SLOT_MS
        video_ms = sum(max(0, min(one.end_ms, after) - max(one.begin_ms, at)) for one in files)
        block = "█" if video_ms >= _SLOT_MS - _SEAM_MS else "▄" if video_ms else "·"
        held = video_ms and any(hold.begin_ms < after and hold.end_ms > at for hold in holds)
        parts.append((block, "yellow" if held else "green" if video_ms else "dim"))
    return parts


def _mb(size: int) -> float:
    return round(size / 1e6, 1)
