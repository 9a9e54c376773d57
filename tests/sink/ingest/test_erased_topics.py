"""Erased events are not stored again from a topic: neither later, nor by another group, nor as dead letters."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.erase import open_erasure
from pipeline.domain.event_identity import identified
from pipeline.domain.events import Kind
from pipeline.policy.gate import Gate, RefusalRule
from pipeline.sink.build import build_writer
from pipeline.sink.ingest.ingester import Ingester
from pipeline.store.erasure_selection import Selection
from pipeline.store.settings import StoreSettings
from pipeline.store.tombstones import Tombstones
from tests.event_samples import START_MS, count, plate_read, track
from tests.servers.kafka import KafkaBroker
from tests.sink.ingest.ingesting import CAMERAS, INGEST, deliver, now_ms, rows, stored
from tests.sink.kafka.test_kafka import client, collect_here, own_broker, settings_for

__all__ = ["client", "collect_here", "own_broker"]  # fixtures
pytestmark = pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning")

PLATE = Selection.of("ABC1234", (), None, None)
PLACE = Selection.of(None, ["cam-1"], START_MS, START_MS + 20_000)


@pytest.mark.parametrize("selection", [PLATE, PLACE], ids=["plate", "place"])
def test_what_was_erased_stays_erased(
    broker: KafkaBroker, store_settings: StoreSettings, tmp_path: Path, selection: Selection
) -> None:
    kafka = settings_for(broker, f"erased-{store_settings.type}-{'plate' if selection.key else 'place'}")
    gate = Gate(CAMERAS, conditions=[Tombstones(tmp_path).refusal])
    events = [plate_read(n, plate="ABC1C34" if n == 3 else f"XYZ{n:04}") for n in range(30)]
    events = [identified(msgspec.structs.replace(event, first_ts_ms=event.ts_ms)) for event in events]
    tracks = [identified(msgspec.structs.replace(track(n), first_ts_ms=track(n).ts_ms)) for n in range(30)]
    deliver(kafka, [*events[:10], *tracks[:10], count(1)], tmp_path)

    def ingest(group: str) -> Ingester:
        settings = INGEST.model_copy(update={"group": group})
        ingester = Ingester(kafka, settings, build_writer(store_settings, tmp_path), gate, now_ms)
        ingester.run(until_read=True)
        return ingester

    ingest("first")
    with open_erasure(selection, ConfiguredStores(tmp_path, (store_settings,), (kafka,))) as erasure:
        erasure.erase()
    left = stored(store_settings, tmp_path)
    assert left[Kind.PLATE_READ] == (9 if selection.key else 0)
    deliver(kafka, [*events, *tracks], tmp_path / "replay")  # accepted before, ingested after the erasure
    again = ingest("first")
    assert again.status().refused[RefusalRule.ERASED.value] > 0
    other = ingest("another")
    assert (again.status().dead, other.status().dead) == (0, 0), "a copy would bring it back"
    reads = [event.frame for event in rows(store_settings, tmp_path, Kind.PLATE_READ)]  # type: ignore[union-attr]
    expected = [n for n in range(30) if n != 3] if selection.key else list(range(20, 30))
    assert sorted(reads) == expected
