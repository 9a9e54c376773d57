"""Accepted events that are not in the event store yet: in spools of a data folder, and unread in Kafka."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from pipeline.domain.channel_names import is_channel
from pipeline.domain.event_compatibility import read_event
from pipeline.domain.events import MinuteEvent, kind_of
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import SinkError, ViapublicaError
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.kafka.messages import Received
from pipeline.sink.settings import JsonLinesSettings, KafkaSettings, SinkSettings
from pipeline.sink.spool.inspect_spool import spools
from pipeline.sink.spool.undelivered_events import undelivered_events
from pipeline.store.coverage_questions import WaitingEvents, WaitingPlace, WantedEvents

_BROKERS_S: Final = 1.0
"""Brokers that have not answered this long after the event store has are not waited for."""
_SEARCH_S: Final = 5.0
"""A search that takes longer ends."""
_INGEST_MS: Final = 5_000
"""A live ingester stores a message within its batch interval and this time."""
_OLD_EVENT_MS: Final = 15_000
"""An event that ended this long ago and is still unread is late, however new its message is."""
_ON_THEIR_WAY_MS: Final = 30_000
"""Events of a run that is alive are delivered and confirmed within this time, unless something is wrong."""


def waiting_in_spools(
    data_dir: Path, sinks: Sequence[SinkSettings], wanted: WantedEvents, *, running: bool
) -> list[WaitingEvents]:
    """Events that the spools of a data folder have not delivered, as far as their checkpoints show.

    Args:
        data_dir: the data folder; sinks: those configured; a spool of a file of JSON lines, or of a channel, leads to
            no event store.
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
        if folder.name not in files and not is_channel(folder.name):
            try:
                events: int | None = undelivered_events(folder, wanted.wants, before_ms)
            except (SinkError, OSError):
                events = None
            found.append(WaitingEvents(WaitingPlace.SPOOL, folder.name, events))
    return found


class UnreadInKafka:
    """Events that wait in Kafka for the ingesters of a configuration; the brokers are asked while the store is.

    Args:
        sinks: those configured; ingest: how their topics are stored.
        direct: whether runs also write into the store themselves; then a group that never stored anything is none.
    """

    def __init__(self, sinks: Sequence[SinkSettings], ingest: IngestSettings, *, direct: bool) -> None:
        self._ingest = ingest
        self._searches = [
            _KafkaSearch(sink, ingest.group, only_of_active=direct)
            for sink in sinks
            if isinstance(sink, KafkaSettings) and ingest.source in {None, sink.name}
        ]

    def waiting(self, wanted: WantedEvents) -> list[WaitingEvents]:
        """The wanted ones of each Kafka sink."""
        now_ms = time.time_ns() // 1_000_000
        sent_before_ms = now_ms - _INGEST_MS - round(self._ingest.batch_interval_s * 1000)
        found = []
        for search in self._searches:
            messages, more = search.result()
            late = sum(_is_late(message, wanted, now_ms, sent_before_ms) for message in messages)
            found.append(WaitingEvents(WaitingPlace.KAFKA, search.name, None if more and not late else late))
        return found


class _KafkaSearch:
    """A search for unread messages in a thread of its own; a broker that hangs is left to it."""

    def __init__(self, kafka: KafkaSettings, group: str, *, only_of_active: bool) -> None:
        self.name = kafka.name
        self._kafka, self._group, self._only_of_active = kafka, group, only_of_active
        self._found: tuple[list[Received], bool] = ([], True)
        self._thread: threading.Thread | None = None
        self._start()

    def result(self) -> tuple[list[Received], bool]:
        """See `unread_messages`; nothing, and maybe more, where the brokers did not answer in time."""
        if self._thread is None:
            self._start()
        if self._thread is not None:
            self._thread.join(_BROKERS_S)
        self._thread = None
        return self._found

    def _start(self) -> None:
        self._found = ([], True)
        self._thread = threading.Thread(target=self._search, name=f"unread-{self.name}", daemon=True)
        self._thread.start()

    def _search(self) -> None:
        from pipeline.sink.kafka.unread_messages import unread_messages

        with contextlib.suppress(ViapublicaError, OSError, ValueError):
            self._found = unread_messages(self._kafka, self._group, _SEARCH_S, only_of_active=self._only_of_active)


def _is_late(message: Received, wanted: WantedEvents, now_ms: int, sent_before_ms: int) -> bool:
    """Whether a message is a wanted event that an ingester should have stored by now; other messages become none."""
    try:
        event = read_event(message.value or b"").event
    except (ValueError, msgspec.MsgspecError):
        return False
    kind = kind_of(event)
    if not wanted.wants(kind.value, event.camera_id, event.ts_ms):
        return False
    ended_ms = event.ts_ms + (MINUTE_MS if isinstance(event, MinuteEvent) else 0)
    return message.ts_ms < sent_before_ms or ended_ms < now_ms - _OLD_EVENT_MS
