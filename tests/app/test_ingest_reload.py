"""The gate of a running ingester follows the cameras of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.ingest_reload import IngestReload, IngestReloadReport
from pipeline.config.load import load_config
from pipeline.policy.gate import Gate
from tests.event_samples import plate_read

_ROAD = "{id: cam-1, source: none.mp4, scope: public-road}"
_SQUARE = "{id: cam-1, source: none.mp4, scope: public-square}"
_SECOND = "{id: cam-2, source: none.mp4, scope: public-road}"


def write(file: Path, *cameras: str, more: str = "sinks: [{type: kafka}]") -> None:
    file.write_text(f"cameras: [{', '.join(cameras)}]\n{more}\n", encoding="utf-8")


class Reloaded:
    """A gate with what reloads it."""

    def __init__(self, file: Path) -> None:
        write(file, _ROAD)
        config = load_config(file)
        self.gate = Gate({camera.id: camera.camera() for camera in config.cameras})
        self._reload = IngestReload(file, config, self.gate)

    def reload(self) -> IngestReloadReport:
        return self._reload.reload()

    def passes(self, camera: str) -> bool:
        return self.gate.refusal(plate_read(1, camera=camera)) is None


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return tmp_path / "city.yaml"


def test_plates_of_a_camera_that_became_one_of_a_square_pass_no_more_and_back(city: Path) -> None:
    ingester = Reloaded(city)
    assert ingester.passes("cam-1")
    write(city, _SQUARE)
    assert ingester.reload().lines() == ["configuration reloaded, changed: cam-1"]
    assert not ingester.passes("cam-1")
    write(city, _ROAD)
    assert ingester.reload().lines() == ["configuration reloaded, changed: cam-1"]
    assert ingester.passes("cam-1")
    assert ingester.reload().lines() == ["configuration reloaded, no camera differs"]


def test_cameras_come_and_go(city: Path) -> None:
    ingester = Reloaded(city)
    write(city, _SECOND)
    assert ingester.reload().lines() == [
        "configuration reloaded, added: cam-2",
        "configuration reloaded, removed: cam-1",
    ]
    assert (ingester.passes("cam-1"), ingester.passes("cam-2")) == (False, True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("cameras: [{id: cam-1}]", "scope"), ("cameras: [", "line"), (f"cameras: [{_SQUARE}]", "no Kafka sink")],
)
def test_a_configuration_that_is_not_valid_changes_nothing(city: Path, text: str, problem: str) -> None:
    ingester = Reloaded(city)
    city.write_text(text, encoding="utf-8")
    report = ingester.reload()
    (line,) = report.lines()
    assert line.startswith("configuration not reloaded, nothing was changed: ")
    assert str(city) in line
    assert problem in line or problem == "line"
    assert ingester.passes("cam-1")
    write(city, _SQUARE)
    assert ingester.reload().changed == ("cam-1",)


def test_other_sections_take_effect_at_the_next_start(city: Path) -> None:
    ingester = Reloaded(city)
    write(city, _ROAD, more="sinks: [{type: kafka, name: bus}]\ningest: {batch_events: 7}")
    assert ingester.reload().lines() == [
        "configuration reloaded, no camera differs",
        "configuration reloaded, takes effect at the next start only: ingest, sinks",
    ]
