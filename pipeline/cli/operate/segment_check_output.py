"""Output of `viapublica camera segments --verify`: recorded files that differ from what the recorder noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import tzinfo
from pathlib import Path

from pipeline.app.recordings import FAULT_FIX, SegmentCheck, check_recordings
from pipeline.cli.common.console import err, out, print_json, print_table, progress, say
from pipeline.domain.plural import counted
from pipeline.domain.times import format_time
from pipeline.errors import RecordError


def verify_segments(
    video: Path,
    cameras: Sequence[str],
    span_ms: tuple[int | None, int | None],
    config: Path | None,
    *,
    zone: tzinfo | None,
    as_json: bool,
) -> None:
    """Check recorded files and show the result, with progress.

    Args:
        video: folder of all cameras; cameras: only these; none for all.
        span_ms: begin and end, milliseconds since 1970 UTC; None is open.
        config: the configuration that names the audit; None without one.
        zone: of the times shown.
        as_json: JSON in place of text.

    Raises:
        RecordError: a file was changed, cut, exchanged or lost; or the recordings cannot be read.
    """
    with progress() as bar:
        task = bar.add_task("files", total=None, note="")
        found = check_recordings(
            video,
            cameras,
            *span_ms,
            config=config,
            on_file=lambda camera, done, files: bar.update(task, completed=done, total=files, note=camera),
        )
    if as_json:
        print_json([{**asdict(one), "faults": [asdict(fault) for fault in one.faults]} for one in found])
    else:
        for one in found:
            _show(one, zone)
    if not found:
        say(err, f"{video}: no recorded video")
    if faults := sum(len(one.faults) for one in found):
        raise RecordError(f"{video}", f"has {counted(faults, 'file')} not as recorded", FAULT_FIX)


def _show(one: SegmentCheck, zone: tzinfo | None) -> None:
    text = f"  {counted(one.files, 'file')} with a digest, {counted(len(one.faults), 'fault')}"
    if one.without_digest:
        without = counted(one.without_digest, "file")
        text += f"; {without} not compared, without a digest (not complete, or of an earlier version)"
    say(out, (one.camera_id, "bold"), text)
    if one.faults:
        rows = [(fault.file, format_time(fault.begin_ms, zone), fault.problem) for fault in one.faults]
        print_table(f"Not as recorded: {one.camera_id}", ["file", "begins", "problem"], rows)
