"""Accepted events that are not in the event store yet: in spools of a data folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.errors import SinkError
from pipeline.sink.settings import JsonLinesSettings, SinkSettings
from pipeline.sink.spool.inspect_spool import spools
from pipeline.sink.spool.undelivered_events import undelivered_events
from pipeline.store.coverage_questions import WaitingEvents, WaitingPlace, WantedEvents

_ON_THEIR_WAY_MS: Final = 30_000
"""Events of a run that is alive are delivered and confirmed within this time, unless something is wrong."""


def waiting_in_spools(
    data_dir: Path, sinks: Sequence[SinkSettings], wanted: WantedEvents, *, running: bool
) -> list[WaitingEvents]:
    """Events that the spools of a data folder have not delivered, as far as their checkpoints show.

    Args:
        data_dir: the data folder; sinks: those configured; a spool of a file of JSON lines leads to no event store.
        wanted: which events.
        running: whether a run may be delivering them now; else all wait.
    """
    files = {sink.name for sink in sinks if isinstance(sink, JsonLinesSettings)}
    before_ms = time.time_ns() // 1_000_000 - (_ON_THEIR_WAY_MS if running else -_ON_THEIR_WAY_MS)
    found = []
    try:
        folders = spools(data_dir)
    except OSError:
        return [WaitingEvents(WaitingPlace.SPOOL, "spool", None)]
    for folder in folders:
        if folder.name not in files:
            try:
                events: int | None = undelivered_events(folder, wanted.wants, before_ms)
            except (SinkError, OSError):
                events = None
            found.append(WaitingEvents(WaitingPlace.SPOOL, folder.name, events))
    return found
