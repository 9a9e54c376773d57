"""Exported files that may hold what is erased: they are named, because they belong to the persons who wrote them."""

from __future__ import annotations

from pathlib import Path

from pipeline.domain.times import local_time
from pipeline.storage.export_log import Export, ExportLog
from pipeline.store.erasure_selection import Selection


def exported_files(data_dir: Path, selection: Selection) -> list[str]:
    """The exports that may hold what is selected, in words, with what to do.

    Raises:
        StoreError: the log of exports cannot be read.
    """
    return [
        _words(export)
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


def _words(export: Export) -> str:
    content = "plates" if export.plates else "events without plates"
    cameras = ", ".join(export.cameras[:5]) + (", …" if export.cameras[5:] else "")
    span = f" from {_time(export.first_ms)} to {_time(export.last_ms)}" if export.first_ms and export.last_ms else ""
    about = f"{content}{f' of {cameras}' if cameras else ''}{span}"
    made = f"export {export.path}, written at {_time(export.at_ms)} by {export.by}: {about}"
    if Path(export.path).exists():
        return f"{made}; delete it, or remove the rows in question, also from copies"
    return f"{made}; the file no longer exists: ask {export.by} for copies"


def _time(at_ms: int) -> str:
    return local_time(at_ms, None).isoformat(timespec="seconds")
