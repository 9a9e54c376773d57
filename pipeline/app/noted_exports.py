"""Notes of exported files: in the audit, and for later erasures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline.app.access.acting import acting_as
from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.material import Material
from pipeline.domain.operation import Operation
from pipeline.domain.requester import Requester
from pipeline.storage.export_log import Export, ExportLog

if TYPE_CHECKING:
    from pipeline.app.people.open_registry import OpenRegistry

__all__ = ["note_download", "note_export"]

_FIRST, _LAST = ("first_ts_ms", "start_ms", "ts_ms"), ("ts_ms", "end_ms", "start_ms")


def note_export(stores: ConfiguredStores, path: Path, rows: Sequence[msgspec.Struct], requester: Requester) -> None:
    """Note a file before it is written, so that none is forgotten.

    Args:
        stores: those that were asked.
        path: of the file or folder.
        rows: its events or other values; none are stored, only their cameras and time range.
        requester: the person or program that exports.

    Raises:
        StoreError: it cannot be noted.
        AuditUnavailable: the audit takes no record.
    """
    _note(stores, str(path.resolve()), rows, requester, requester.user)


def note_download(
    opened: OpenRegistry, stores: ConfiguredStores, name: str, rows: Sequence[msgspec.Struct], requester: Requester
) -> None:
    """Note a file that a person with an account downloads, before it is sent: an erasure asks them for copies.

    Args:
        opened: the registry, for them; stores: those that were asked.
        name: of the file, in which no plate stands; rows, requester: see `note_export`.

    Raises:
        PolicyError: the person may not export them; audited.
        StoreError, AuditUnavailable: see `note_export`.
    """
    with acting_as(opened):
        _note(stores, name, rows, requester, opened.actor.person().login)


def _note(stores: ConfiguredStores, name: str, rows: Sequence[msgspec.Struct], requester: Requester, by: str) -> None:
    cameras = {getattr(row, "camera_id", "") for row in rows}
    first, last = ([_time(row, names) for row in rows] for names in (_FIRST, _LAST))
    export = Export(
        name,
        time.time_ns() // 1_000_000,
        by,
        any("plate" in name for row in rows[:1] for name in row.__struct_fields__),
        () if "" in cameras else tuple(sorted(cameras)),
        min((at for at in first if at is not None), default=None) if None not in first else None,
        max((at for at in last if at is not None), default=None) if None not in last else None,
    )
    audit_of_stores(stores, requester).add(
        Operation.EXPORT,
        material=Material.PLATES if export.plates else Material.COUNTS,
        cameras=export.cameras,
        start_ms=export.first_ms,
        end_ms=None if export.last_ms is None else export.last_ms + 1,
        rows=len(rows),
        details={
            "form": Path(name).suffix.removeprefix(".") or "folder",
            "plates": export.plates,
        },  # its name may be a plate
    )
    ExportLog(stores.data_dir).add(export)


def _time(row: msgspec.Struct, names: Sequence[str]) -> int | None:
    return next((getattr(row, name) for name in names if hasattr(row, name)), None)
