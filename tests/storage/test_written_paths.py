"""Written paths are noted once each, and those in the data folder move with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.storage.written_paths import PathKind, WrittenPaths


def test_each_path_is_noted_once_and_follows_the_data_folder(tmp_path: Path) -> None:
    outside = tmp_path / "previews"
    for _ in range(2):
        log = WrittenPaths(tmp_path / "data")
        log.add(PathKind.EVENTS, tmp_path / "data" / "events.jsonl")
        log.add(PathKind.PREVIEWS, tmp_path / "data" / ".." / "previews")
    (tmp_path / "data").rename(tmp_path / "restored")
    log = WrittenPaths(tmp_path / "restored")
    assert log.all(PathKind.EVENTS) == [tmp_path / "restored" / "events.jsonl"]
    assert log.all(PathKind.PREVIEWS) == [outside]
    assert log.all(PathKind.VIDEO) == []


def test_servers_are_noted_by_name(tmp_path: Path) -> None:
    log = WrittenPaths(tmp_path)
    for _ in range(2):
        log.add_server("clickhouse db:8123/viapublica")
    assert log.servers() == ["clickhouse db:8123/viapublica"]
    assert log.all(PathKind.STORE) == []


def test_a_corrupt_log_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "written-paths.jsonl").write_text("{}\n")
    with pytest.raises(StoreError, match="is corrupt"):
        WrittenPaths(tmp_path).all(PathKind.EVENTS)
