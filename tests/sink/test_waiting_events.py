"""Waiting events: accepted, and in no event store yet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.domain.events import Event, Kind, encode
from pipeline.sink.settings import ChdbSinkSettings, JsonLinesSettings, SinkSettings
from pipeline.sink.spool.checkpoint import Checkpoint
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.sink.waiting_events import waiting_in_spools
from pipeline.store.coverage_questions import WaitingEvents, WaitingPlace, WantedEvents
from tests.event_samples import START_MS, count, plate_read

READS = WantedEvents((Kind.PLATE_READ,), START_MS, START_MS + 60_000)
EVENTS: list[Event] = [plate_read(1, camera="road"), plate_read(2, camera="square"), count(0, camera="road")]


def accept(folder: Path, events: Sequence[Event], *, delivered: int = 0, sink: str = "chdb") -> None:
    spool = Spool(sink, folder / "spool" / sink, SpoolSettings())
    spool.append([encode(event) for event in events])
    spool.close()
    Checkpoint(folder / "spool" / sink / "acked").save(delivered, sync=False)


def waiting(folder: Path, wanted: WantedEvents = READS, *, running: bool = False) -> int | None:
    sinks: tuple[SinkSettings, ...] = (ChdbSinkSettings(), JsonLinesSettings(name="file"))
    (found,) = waiting_in_spools(folder, sinks, wanted, running=running)
    assert (found.place, found.name) == (WaitingPlace.SPOOL, "chdb")
    return found.events


def test_undelivered_events_of_the_question_are_counted_and_others_are_not(tmp_path: Path) -> None:
    accept(tmp_path, EVENTS)
    assert waiting(tmp_path) == 2
    assert waiting(tmp_path, WantedEvents(READS.kinds, READS.start_ms, READS.end_ms, ("road",))) == 1
    assert waiting(tmp_path, WantedEvents(READS.kinds, None, None, without=frozenset({"square"}))) == 1
    assert waiting(tmp_path, WantedEvents(tuple(Kind), None, None)) == 3
    assert waiting(tmp_path, WantedEvents(READS.kinds, START_MS + 60_000, None)) == 0


def test_delivered_events_do_not_wait(tmp_path: Path) -> None:
    accept(tmp_path, EVENTS, delivered=1)
    assert waiting(tmp_path) == 1
    Checkpoint(tmp_path / "spool" / "chdb" / "acked").save(3, sync=False)
    assert waiting(tmp_path) == 0


def test_what_a_run_has_just_accepted_is_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(tmp_path, EVENTS)
    assert waiting(tmp_path, running=True) == 0
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 31 * 10**9)
    assert waiting(tmp_path, running=True) == 2


def test_a_spool_that_leads_to_no_store_says_nothing_about_it_and_a_data_folder_may_have_none(tmp_path: Path) -> None:
    assert waiting_in_spools(tmp_path, (), READS, running=False) == []
    accept(tmp_path, EVENTS, sink="file")
    assert waiting_in_spools(tmp_path, (JsonLinesSettings(name="file"),), READS, running=False) == []


def test_a_spool_that_cannot_be_read_is_not_known_to_be_empty(tmp_path: Path) -> None:
    accept(tmp_path, EVENTS)
    (segment,) = (tmp_path / "spool" / "chdb").glob("*.seg")
    segment.unlink()
    segment.mkdir()
    assert waiting_in_spools(tmp_path, (), READS, running=False) == [WaitingEvents(WaitingPlace.SPOOL, "chdb", None)]
