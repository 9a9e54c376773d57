"""Exported files that may hold what is erased: they are named, because they belong to the persons who wrote them."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from pipeline.domain.times import format_time
from pipeline.storage.export_log import Export, ExportLog
from pipeline.store.erasure_selection import Selection


def exported_files(data_dir: Path, selection: Selection, zone: tzinfo | None = None) -> list[str]:
    """The exports that may hold what is selected, in words, with what to do; times in a zone, None for the machine's.

    Raises:
        StoreError: the log of exports cannot be read.
    """
    return [
        _words(export, zone)
        for export in ExportLog(data_dir).all()
        if export.may_hold(selection.camera_ids, selection.start_ms, selection.end_ms)
    ]


def forget_exports_named_after(data_dir: Path, selection: Selection) -> None:
    """Remove exports from the log whose file name is the erased plate; they have been named.

    Raises:
        StoreError: the log cannot be read or written.
    """
    log = ExportLog(data_dir)
    if selection.key and any(selection.names_plate(export.path) for export in log.all()):
        log.remove(lambda export: selection.names_plate(export.path))


def _words(export: Export, zone: tzinfo | None) -> str:
    content = "plates" if export.plates else "events without plates"
    cameras = ", ".join(export.cameras[:5]) + (", …" if export.cameras[5:] else "")
    first, last = (format_time(at_ms, zone) if at_ms else "" for at_ms in (export.first_ms, export.last_ms))
    span = f" from {first} to {last}" if first and last else ""
    about = f"{content}{f' of {cameras}' if cameras else ''}{span}"
    made = f"export {export.path}, written at {format_time(export.at_ms, zone)} by {export.by}: {about}"
    if Path(export.path).exists():
        return f"{made}; delete it, or remove the rows in question, also from copies"
    return f"{made}; the file no longer exists: ask {export.by} for copies"
