"""Holds of an installation: placed, listed and released; each in the audit first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.former_paths import video_folders
from pipeline.domain.erasure import HoldOverride
from pipeline.domain.hold import Hold, HoldGrounds
from pipeline.domain.operation import Operation
from pipeline.errors import RecordError
from pipeline.policy.hold_override import check_override
from pipeline.record.every_hold import every_hold
from pipeline.record.holds import Holds, check_hold_texts
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.storage.declared_cameras import DeclaredCameras

__all__ = [
    "Hold",
    "HoldGrounds",
    "decided_override",
    "hold_json",
    "hold_state",
    "hold_time",
    "holds_at",
    "holds_of",
    "list_holds",
    "release_hold",
    "unreleased_holds",
]


def holds_of(stores: ConfiguredStores) -> list[Hold]:
    """The holds in force, for uses of this program: not in the audit.

    Raises:
        RecordError: they cannot be read, so it is not known what must be preserved.
        StoreError: the log of written paths cannot be read.
    """
    return every_hold(_folders(stores))


def holds_at(stores: ConfiguredStores) -> Callable[[int], list[Hold]]:
    """Finds the holds in force at a time, milliseconds since 1970 UTC; errors as of `holds_of`."""
    return partial(every_hold, _folders(stores))


def list_holds(stores: ConfiguredStores) -> list[Hold]:
    """The holds that no person has released, expired ones too; in the audit.

    Raises:
        RecordError, StoreError: see `holds_of`.
        AuditUnavailable: the audit takes no record.
    """
    found = unreleased_holds(stores)
    audit_of_stores(stores).add(Operation.HOLD, rows=len(found), details={"action": "list-holds"})
    return found


def unreleased_holds(stores: ConfiguredStores) -> list[Hold]:
    """The same for reports, which have records of their own."""
    return list({hold.hold_id: hold for folder in _folders(stores) for hold in Holds(folder).unreleased()}.values())


def hold_time(
    stores: ConfiguredStores,
    camera: str,
    begin_ms: int,
    end_ms: int,
    *,
    reason: str,
    by: str,
    grounds: HoldGrounds | None = None,
) -> tuple[str, Sequence[VideoSegment]]:
    """Exempt a time of a camera from retention and erasure: its video, previews and events.

    Args:
        stores: event stores, recordings, audit, and the screen of free texts.
        camera: recorded, configured or declared.
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is not part of it.
        reason: the order or case; by: the person who decides: where people are registered, the one who acts.
        grounds: at whose request, and until when; None where neither is stated.

    Returns:
        The hold's id, and the segments of that time so far.

    Raises:
        RecordError: unknown camera, no reason, or the disk failed.
        PolicyError: a text says something sensitive about people, or another person is stated.
        AuditUnavailable: the audit takes no record; nothing is held.
    """
    facts: dict[str, Any] = {"cameras": (camera,), "start_ms": begin_ms, "end_ms": end_ms}
    audit = audit_of_stores(stores)
    with audit.refusals(Operation.HOLD, **facts):
        by = audit.access.named(by)
        check_hold_texts(reason, by, stores.screen, grounds)
    folder = stores.data_dir if stores.record is None else stores.record.dir
    known = {*(stores.cameras or ()), *DeclaredCameras(stores.data_dir).all()}
    basis = "" if grounds is None or grounds.basis is None else grounds.basis.value
    with audit.doing(Operation.HOLD, details={"action": "hold", "by": by, "basis": basis}, **facts):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        hold_id = Holds(folder).hold(
            camera, begin_ms, end_ms, reason, by, grounds=grounds, known=known, screen=stores.screen
        )
    archive = RecordingArchive(folder)
    return hold_id, archive.segments(camera, begin_ms, end_ms) if camera in archive.cameras() else ()


def release_hold(stores: ConfiguredStores, hold_id: str, by: str) -> Hold:
    """End a hold; what is due then is deleted at the next round of retention.

    Args:
        stores, by: see `hold_time`; hold_id: of the hold.

    Raises:
        RecordError: no hold of this id is in force, or the disk failed.
        PolicyError: another person is stated.
        AuditUnavailable: the audit takes no record; nothing is released.
    """
    places = {hold.hold_id: (folder, hold) for folder in _folders(stores) for hold in Holds(folder).unreleased()}
    folder, found = places.get(hold_id, (None, None))
    place: Mapping[str, Any] = {}
    if found is not None:
        place = {"cameras": (found.camera_id,), "start_ms": found.begin_ms, "end_ms": found.end_ms}
    audit = audit_of_stores(stores)
    with audit.refusals(Operation.HOLD_RELEASE, **place):
        by = audit.access.named(by)
    details = {"action": "release-hold", "by": by, "hold": hold_id if found is not None else "unknown"}
    with audit.doing(Operation.HOLD_RELEASE, details=details, **place):
        if folder is None:
            raise RecordError(f"hold {hold_id}", "is not in force", f"In force: {', '.join(places) or 'none'}")
        return Holds(folder).release(hold_id, by)


def decided_override(override: HoldOverride | None, stores: ConfiguredStores, erased_by: str) -> HoldOverride | None:
    """A second person's decision that an erasure reaches what holds preserve, checked; None without one.

    Raises:
        PolicyError: see `check_override`; the refusal is in the audit.
        RecordError, StoreError: see `holds_of`.
    """
    if override is not None:
        audit = audit_of_stores(stores)
        with audit.refusals(Operation.APPROVAL, details={"action": "override-hold"}):
            check_override(override, audit.access.named(erased_by), holds_of(stores), stores.screen)
    return override


def hold_json(hold: Hold, now_ms: int) -> dict[str, Any]:
    """A hold with `--json`."""
    return {**asdict(hold), "state": hold_state(hold, now_ms)}


def hold_state(hold: Hold, now_ms: int) -> str:
    """``in-force``, ``expires-soon`` or ``expired``."""
    if hold.has_expired(now_ms):
        return "expired"
    return "expires-soon" if hold.expires_soon(now_ms) else "in-force"


def _folders(stores: ConfiguredStores) -> list[Path]:
    return list(dict.fromkeys([*video_folders(stores), stores.data_dir]))
