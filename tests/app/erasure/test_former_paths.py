"""An erasure names every event store that an earlier configuration filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.former_paths import former_stores, missing_paths
from pipeline.errors import ViapublicaError
from pipeline.sink.build import build_writer
from pipeline.store.settings import ChdbSettings, ClickHouseSettings


def test_former_embedded_stores_and_servers_are_named_wherever_they_are(tmp_path: Path) -> None:
    data = tmp_path / "data"
    elsewhere = ChdbSettings(path=tmp_path / "disk" / "deep" / "events")
    writer = build_writer(elsewhere, data)
    writer.open()
    writer.close()
    for folder in ("metadata", "store"):  # of a version that did not note it
        (data / "stores" / "ev" / folder).mkdir(parents=True)
    server = ClickHouseSettings(host="127.0.0.1", port=1)
    with pytest.raises(ViapublicaError):
        build_writer(server, data).open()
    stores = ConfiguredStores.of_data_dir(data)
    notes = [note.english for note in former_stores(stores, stores.stores)]
    assert [note.split(",")[0] for note in notes] == [
        f"event store {data / 'stores' / 'ev'}",
        f"event store {tmp_path / 'disk' / 'deep' / 'events'}",
        "clickhouse 127.0.0.1:1/viapublica",
    ]
    assert former_stores(stores, [elsewhere, server, ChdbSettings(path=Path("stores/ev"))]) == []
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    assert "mount its disk" in missing_paths(stores)[0].english
