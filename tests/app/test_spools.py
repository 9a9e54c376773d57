"""Spools of a data folder, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.spools import Replay, check_spools, list_spools, replay_spool, spooled_events, trim_spool
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.events import encode
from pipeline.errors import SinkError, ViapublicaError
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.storage.declared_cameras import DeclaredCameras
from tests.event_samples import plate_read


def _stores(data: Path) -> ConfiguredStores:
    return ConfiguredStores.of_data_dir(data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A spool of six events, four of them delivered."""
    spool = Spool("store", tmp_path / "spool" / "store", SpoolSettings())
    spool.append([encode(plate_read(n)) for n in range(6)])
    spool.acknowledge(4)
    spool.close()
    DeclaredCameras(tmp_path).declare([CameraDeclaration(Camera("cam-1", Scope.PUBLIC_ROAD))])
    return tmp_path


def test_events_are_listed_with_their_offsets(data: Path) -> None:
    (found,) = list_spools(data)
    assert (found.name, found.events, found.pending) == ("store", 6, 2)
    assert [one.offset for one in spooled_events(_stores(data), "store", pending=True)] == [4, 5]
    assert [one.event["frame"] for one in spooled_events(_stores(data), "store", start=1, limit=2)] == [1, 2]


def test_a_replay_begins_at_an_offset_and_never_skips_undelivered_events(data: Path) -> None:
    assert replay_spool(_stores(data), "store", offset=5) == Replay(4, 2)
    assert replay_spool(_stores(data), "store", offset=1) == Replay(1, 5)


def test_a_replay_since_the_future_is_an_error(data: Path) -> None:
    with pytest.raises(ViapublicaError, match="no event since then"):
        replay_spool(_stores(data), "store", since_ms=10**13)


def test_trimming_deletes_undelivered_events_only_when_asked(data: Path) -> None:
    assert trim_spool(_stores(data), "store").undelivered == 0
    assert trim_spool(_stores(data), "store", undelivered=True).undelivered == 2
    assert check_spools(data).damage == []


def test_an_unknown_sink_is_an_error(data: Path) -> None:
    with pytest.raises(SinkError, match="there are: store"):
        check_spools(data, ["bus"])


def test_plates_of_a_camera_that_may_read_none_now_are_not_listed(data: Path) -> None:
    square = CameraDeclaration(Camera("cam-1", Scope.PUBLIC_SQUARE))
    DeclaredCameras(data).declare([square])
    found = [one.event for one in spooled_events(_stores(data), "store")]
    assert len(found) == 6
    assert all("public-square" in event["withheld"] for event in found)
    assert not any("plate" in event for event in found)


@pytest.mark.parametrize("declared", [True, False])
def test_nothing_is_listed_of_events_that_may_not_be_stored_now(tmp_path: Path, declared: bool) -> None:
    if declared:
        DeclaredCameras(tmp_path).declare([CameraDeclaration(Camera("cam-1", Scope.PUBLIC_ROAD))])
    fields = msgspec.json.decode(encode(plate_read(1, plate="TMP5678")))
    wrong: list[dict[str, Any]] = [
        {"camera_id": "nowhere"},
        {"religion": "TMP5678"},
        {"votes": "?"},
        {"plate_key": "ZZZ"},
    ]
    spool = Spool("store", tmp_path / "spool" / "store", SpoolSettings())
    spool.append(
        [*(msgspec.json.encode(fields | changes) for changes in wrong), b"TMP5678", msgspec.json.encode(fields)]
    )
    spool.close()
    *found, last = [one.event for one in spooled_events(_stores(tmp_path), "store")]
    assert all(event["withheld"] for event in found)
    assert not any(text in str(found) for text in ("TMP5678", "TMP5G78", "religion", "nowhere"))
    assert ("withheld" in last) is not declared, "without a declaration nothing is known of a camera"
    assert ("TMP5678" in str(last)) is declared
