"""An embedded event store with the events of a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.domain.event_identity import identified, sequence_of
from pipeline.domain.events import Event
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from tests.event_samples import admit_all


def fill_store(folder: Path, events: Sequence[Event], times: int = 1) -> Path:
    """Store events in a data folder as a run would, each so many times, with the ids of what they say; the folder."""
    events = [identified(event, sequence_of(event.event_id)) for event in events]
    sink = build_sink(ChdbSinkSettings(batch_interval_s=0.02), folder, admit_all)
    for _ in range(times):
        sink.add(events)
        sink.flush(60)
    sink.close()
    return folder
