"""Holds on the recorded video that disclosures ask for: placed with the request, released by a person."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.load import load_config
from pipeline.domain.disclosure import Disclosure
from pipeline.record.holds import Holds


def hold_request(folder: Path, disclosure: Disclosure) -> str:
    """Hold the recording that a disclosure asks for; the id of the hold, "" where it asks for none.

    Args:
        folder: of recorded video.
        disclosure: just entered.

    Raises:
        RecordError: the camera is unknown, or the disk failed.
    """
    request, content = disclosure.request, disclosure.request.content
    if content.begin_ms is None or content.end_ms is None or content.is_file:
        return ""
    return Holds(folder).hold(
        content.camera_id, content.begin_ms, content.end_ms, _reason(disclosure), request.requested_by
    )


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
