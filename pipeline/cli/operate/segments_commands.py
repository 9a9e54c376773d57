"""`viapublica segments`: what video is recorded, what is missing, what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from pipeline.cli.common.console import err, out, print_json, print_table, tell
from pipeline.cli.common.moments import parse_span, zone_named
from pipeline.config import load_config
from pipeline.domain.recording import Gap
from pipeline.errors import ConfigError, RecordError
from pipeline.observe import logs
from pipeline.record.holds import Hold, Holds
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.record.retention import Pruned, prune
from pipeline.record.settings import RecordSettings

_DAY_MS: Final = 86_400_000
_BAR: Final = 96
"""Places of a day's image: a quarter of an hour each."""
_SHOWN_GAPS: Final = 50

app = typer.Typer(
    help="Recorded video: what there is and what is missing; hold, free, tidy. Nothing leaves from here: "
    "see `viapublica anonymize` and `viapublica release`.",
    invoke_without_command=True,
)

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="VIAPUBLICA_CONFIG", help="Configuration with a record section.")
]
DirOption = Annotated[
    Path | None, typer.Option("--dir", help="Folder of recorded video, instead of a configuration's.")
]
FromOption = Annotated[str | None, typer.Option("--from", help="From: 2026-11-22T08:00-03:00, today, 2h (ago).")]
ToOption = Annotated[str | None, typer.Option("--to", help="Before: like --from.")]
ZoneOption = Annotated[
    str | None, typer.Option("--zone", help="Zone of times without an offset, such as America/Sao_Paulo.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it: name and office.")]


@app.callback()
def segments(
    context: typer.Context,
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Only this camera; may be repeated.")] = None,
    start: FromOption = None,
    end: ToOption = None,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    folder: DirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recorded video per camera: each day as a bar, gaps with their reasons, holds. Also while a run records.

    Example: [bold]viapublica segments --config configs/city.yaml --from today[/]
    """
    logs.configure("info", "auto")
    if context.invoked_subcommand is not None:
        return
    archive = RecordingArchive(_settings(config, folder).dir)
    start_ms, end_ms = parse_span(start, end, zone_named(zone))
    holds = archive.holds()
    reports = []
    for name in camera or archive.cameras():
        files = archive.segments(name, start_ms, end_ms)
        gaps = archive.gaps(name, start_ms, end_ms)
        held = [hold for hold in holds if hold.camera_id == name]
        reports.append(_plain(name, files, gaps, held))
        if not as_json:
            _show(name, files, gaps, held)
    if as_json:
        print_json(reports)
    elif not reports:
        tell(err, f"{archive.folder}: nothing is recorded")


@app.command("hold")
def hold(
    camera: Annotated[str, typer.Argument(help="Camera.")],
    start: Annotated[str, typer.Option("--from", help="From: 2026-11-22T08:00-03:00, today, 2h (ago).")],
    end: Annotated[str, typer.Option("--to", help="Before: like --from.")],
    reason: Annotated[str, typer.Option("--reason", help="Why: the order, the case.")],
    by: ByOption,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    folder: DirOption = None,
) -> None:
    """Keep a span whatever its age; prints the hold's id.

    Example: [bold]viapublica segments hold av-brasil-900 --from 2026-11-22T08:00-03:00 --to 2026-11-22T09:00-03:00
    --reason "order 12/2026" --by "A. Souza, control room"[/]
    """
    archive = RecordingArchive(_settings(config, folder).dir)
    start_ms, end_ms = parse_span(start, end, zone_named(zone))
    if start_ms is None or end_ms is None:
        raise RecordError("hold", "needs two times", "Give --from and --to")
    hold_id = Holds(archive.folder).hold(camera, start_ms, end_ms, reason, by)
    kept = archive.segments(camera, start_ms, end_ms)
    typer.echo(hold_id)
    tell(err, f"held: {len(kept)} files, {_mb(kept)} MB of {camera}")
    if not kept:
        tell(err, ("nothing of that span is recorded yet, or any more", "yellow"))


@app.command("free")
def free(
    hold_id: Annotated[str, typer.Argument(help="Id of the hold.")],
    by: ByOption,
    config: ConfigOption = None,
    folder: DirOption = None,
) -> None:
    """Let go of a hold; what is due then goes at the ring's next round.

    Example: [bold]viapublica segments free 0c5f11a2b3d4 --by "A. Souza, control room"[/]
    """
    freed = Holds(_settings(config, folder).dir).release(hold_id, by)
    tell(err, f"freed: {freed.camera_id}, {_utc(freed.begin_ms)} to {_utc(freed.end_ms)}")


@app.command("tidy")
def tidy_now(config: ConfigOption = None, folder: DirOption = None, as_json: JsonOption = False) -> None:
    """Remove what is due now, as a run does by itself.

    Example: [bold]viapublica segments tidy --config configs/city.yaml[/]
    """
    settings = _settings(config, folder)
    done = prune(settings.dir, settings.days, settings.max_bytes)
    if as_json:
        print_json({"removed": [_file(one) for one in done.removed], "held": len(done.held), "left_bytes": done.left})
        return
    tell(err, _tidied(done))


def _tidied(done: Pruned) -> str:
    removed_mb, left_mb = round(done.removed_bytes / 1e6, 1), round(done.left / 1e6, 1)
    said = f"removed {len(done.removed)} files, {removed_mb} MB; left {left_mb} MB"
    if done.held:
        said += f"; {len(done.held)} files are due and held"
    return said


def _settings(config: Path | None, folder: Path | None) -> RecordSettings:
    if folder is not None:
        if not folder.is_dir():
            raise RecordError(f"--dir {folder}", "is no folder", "Name the folder of recorded video (record.dir)")
        return RecordSettings(dir=folder)
    path = config or Path("viapublica.yaml")
    if config is None and not path.is_file():
        raise ConfigError(
            "recorded video",
            "where it lies is not said and ./viapublica.yaml does not exist",
            "Give --config FILE (or VIAPUBLICA_CONFIG), or --dir FOLDER",
        )
    record = load_config(path, for_queries=True).record
    if record is None:
        raise ConfigError(str(path), "has no record section, so nothing is recorded", "Add `record: {}`, or give --dir")
    return record


def _show(name: str, files: Sequence[VideoSegment], gaps: Sequence[Gap], holds: Sequence[Hold]) -> None:
    whole = f"{_utc(files[0].begin_ms)} to {_utc(files[-1].end_ms)}" if files else "nothing in that span"
    tell(out, (name, "bold"), f"  {whole}, {len(files)} files, {_mb(files)} MB")
    days = sorted({at // _DAY_MS for one in files for at in (one.begin_ms, max(one.begin_ms, one.end_ms - 1))})
    if days:
        tell(out, f"{'day (UTC)':12}{'00':24}{'06':24}{'12':24}{'18':24}24")
    for day in days:
        tell(out, *_bar(day * _DAY_MS, files, holds))
    if gaps:
        shown = [(_utc(g.begin_ms), _utc(g.end_ms), (g.end_ms - g.begin_ms) // 1000, g.reason) for g in gaps]
        note = f"and {len(gaps) - _SHOWN_GAPS} later ones; see --json" if len(gaps) > _SHOWN_GAPS else ""
        print_table(f"Gaps: {name}", ["from (UTC)", "to", "seconds", "reason"], shown[:_SHOWN_GAPS], note)
    if holds:
        rows = [(h.hold_id, _utc(h.begin_ms), _utc(h.end_ms), h.reason, h.by) for h in holds]
        print_table(f"Holds: {name}", ["id", "from (UTC)", "to", "reason", "by"], rows)


def _bar(begin_ms: int, files: Sequence[VideoSegment], holds: Sequence[Hold]) -> list[str | tuple[str, str]]:
    """A day as quarters of an hour: █ video all the time, ▄ some of it, · none; held ones in yellow."""
    step = _DAY_MS // _BAR
    parts: list[str | tuple[str, str]] = [f"{datetime.fromtimestamp(begin_ms / 1000, UTC):%Y-%m-%d}  "]
    covered = [0] * _BAR
    for one in files:
        first = max(0, (one.begin_ms - begin_ms) // step)
        for place in range(first, min(_BAR, (one.end_ms - begin_ms) // step + 1)):
            at = begin_ms + place * step
            covered[place] += max(0, min(one.end_ms, at + step) - max(one.begin_ms, at))
    for place, video_ms in enumerate(covered):
        at = begin_ms + place * step
        mark = "█" if video_ms >= step - 2000 else "▄" if video_ms else "·"
        held = video_ms and any(hold.begin_ms < at + step and hold.end_ms > at for hold in holds)
        parts.append((mark, "yellow" if held else "green" if video_ms else "dim"))
    return parts


def _plain(name: str, files: Sequence[VideoSegment], gaps: Sequence[Gap], holds: Sequence[Hold]) -> dict[str, object]:
    return {
        "camera": name,
        "bytes": sum(one.size for one in files),
        "segments": [_file(one) for one in files],
        "gaps": [asdict(gap) for gap in gaps],
        "holds": [asdict(one) for one in holds],
    }


def _file(one: VideoSegment) -> dict[str, object]:
    return {
        "file": str(one.path),
        "begin_ms": one.begin_ms,
        "end_ms": one.end_ms,
        "bytes": one.size,
        "complete": one.complete,
    }


def _mb(files: Sequence[VideoSegment]) -> float:
    return round(sum(one.size for one in files) / 1e6, 1)


def _utc(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
