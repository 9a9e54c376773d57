"""Retention of event stores that this process fills."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import parse_config
from pipeline.engine.retention_worker import retention_running
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.settings import ChdbSettings
from tests.store.test_retention import ten_days, weeks_ago
from tests.store.test_store import fill

CONFIG = """\
data_dir: .
cameras: [{id: cam-1, source: a.mp4, scope: public-road}]
sinks:
  - {type: chdb, name: store}
  - {type: clickhouse, name: away, port: 1, connect_timeout_s: 0.5}
retention: {plate_reads: DAYS, health: null}
"""


@pytest.mark.parametrize("live", [True, False])
def test_due_days_are_dropped_before_the_sinks_open_and_an_unreachable_server_delays_nothing(
    tmp_path: Path, live: bool
) -> None:
    database = open_database(ChdbSettings(), tmp_path, create=True)
    migrate(database)
    fill(database, ten_days(weeks_ago()))
    config = parse_config(CONFIG.replace("DAYS", "1"), tmp_path / "c.yaml")
    with retention_running(config, config.event_stores, live=live):
        left = database.rows("SELECT toInt64(count()) AS n FROM plate_reads")
        states = database.rows("SELECT toInt64(count()) AS n FROM health")
    database.close()
    assert (left, states) == ([{"n": 0}], [{"n": 1}])


def test_every_store_has_retention_and_is_named_once(tmp_path: Path) -> None:
    config = parse_config(CONFIG.replace("DAYS", "null"), tmp_path / "c.yaml")
    assert [store.name for store in config.stores_among_sinks] == ["store", "away"]
    assert config.retention == RetentionSettings(plate_reads=None, health=None)
