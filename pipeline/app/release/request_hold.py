"""Holds on the recorded video that disclosures ask for: placed with the request, released by a person."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.release.release_source import Recording
from pipeline.config.load import load_config
from pipeline.domain.disclosure import Content, Disclosure
from pipeline.domain.operation import Operation
from pipeline.errors import RecordError
from pipeline.record.holds import Holds
from pipeline.record.recording_archive import RecordingArchive


def check_holdable(where: Recording, content: Content, zone: tzinfo | None) -> str:
    """Make sure that what a request asks for can be held, and by the person, before it is entered for good.

    Args:
        where: the recording; content: of the request; zone: of the institution.

    Returns:
        Why nothing is recorded of the requested time; "" where something is.

    Raises:
        RecordError: the camera has no recorded video, or the folder may not be written to.
        RefusedAccess: the person may not hold it.
    """
    camera, begin_ms, end_ms = content.camera_id.strip(), content.begin_ms, content.end_ms
    if content.is_file or not camera or begin_ms is None or end_ms is None:
        return ""
    Holds(where.folder).check(camera, begin_ms, end_ms)
    audit_of_stores(ConfiguredStores.of_config(where.config)).access.decide(Operation.HOLD, cameras=(camera,))
    return RecordingArchive(where.folder).why_nothing(camera, begin_ms, end_ms, zone)


def hold_request(where: Recording, disclosure: Disclosure) -> str:
    """Hold the recording that a disclosure asks for; the id of the hold, "" where it asks for none.

    Args:
        where: the recording.
        disclosure: just entered.

    Raises:
        RecordError: the disk failed; the request is entered all the same, and named.
        AuditUnavailable: the audit takes no record; nothing is held.
    """
    request, content = disclosure.request, disclosure.request.content
    if content.begin_ms is None or content.end_ms is None or content.is_file:
        return ""
    audit = audit_of_stores(ConfiguredStores.of_config(where.config))
    place = {"cameras": (content.camera_id,), "start_ms": content.begin_ms, "end_ms": content.end_ms}
    details = {"action": "hold", "by": request.requested_by}
    try:
        with audit.doing(Operation.HOLD, number=disclosure.number, details=details, **place):
            return Holds(where.folder).hold(
                content.camera_id, content.begin_ms, content.end_ms, _reason(disclosure), request.requested_by
            )
    except RecordError as error:
        raise RecordError(
            f"disclosure {disclosure.number}",
            f"is entered, but its recording is not held and expires: {error.subject}: {error.problem}",
            f"{error.fix}; then use viapublica camera hold",
        ) from error


def holds_of_request(config: Path | None, disclosure: Disclosure) -> list[str] | None:
    """The ids of the holds in force that were placed with the request of a disclosure.

    Args:
        config: the configuration that records the camera.
        disclosure: delivered or refused.

    Returns:
        None where that is not known: without a configuration, or with one that records nothing.

    Raises:
        ConfigError: the configuration cannot be read.
        RecordError: the holds cannot be read.
    """
    content = disclosure.request.content
    if content.begin_ms is None or content.is_file:
        return []
    record = None if config is None else load_config(config, for_queries=True).record
    if record is None:
        return None
    reason = _reason(disclosure)
    return [hold.hold_id for hold in Holds(record.dir).all() if hold.reason == reason]


def _reason(disclosure: Disclosure) -> str:
    return f"disclosure {disclosure.number}"
