"""Rows of before are deleted only by an analysis that reached its end and is stored completely."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.domain.ports import SinkStatus
from pipeline.engine.repeated_analyses import RepeatedAnalyses
from pipeline.store.backends.open_database import open_database
from pipeline.store.settings import ChdbSettings
from tests.event_samples import plate_read
from tests.filled_store import fill_store

SESSION = ("cam-1", plate_read(1).stream_id)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "city.yaml").write_text("cameras: [{id: cam-1, source: a.mp4, scope: public-road}]")
    fill_store(tmp_path / "data", [plate_read(1), plate_read(2)])
    return load_config(tmp_path / "city.yaml")


def stored(config: Config) -> int:
    database = open_database(ChdbSettings(), config.data_dir, create=False)
    try:
        return int(database.rows("SELECT toInt64(count()) AS n FROM plate_reads")[0]["n"])
    finally:
        database.close()


def test_a_store_that_lacks_events_of_the_run_loses_none_of_before(config: Config) -> None:
    (store,) = config.stores_among_sinks
    repeated = RepeatedAnalyses()
    log = repeated.open(*SESSION)
    log.hold([plate_read(1)])
    repeated.delete_replaced(config, [SinkStatus(store.name)])
    assert stored(config) == 2, "the analysis did not reach the end of the video"
    assert log.complete() == [plate_read(1)], "its events leave at the end"
    for status in (
        SinkStatus(store.name, pending=1),
        SinkStatus(store.name, lost=1),
        SinkStatus(store.name, refused=1),
    ):
        repeated.delete_replaced(config, [status])
        assert stored(config) == 2, status
    repeated.delete_replaced(config, [SinkStatus(store.name)])
    assert stored(config) == 1
