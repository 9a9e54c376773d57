"""A video that is stopped half-way stores complete events only, and never replaces those of a run to its end."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import open_queries
from pipeline.config.load import load_config
from pipeline.domain.events import VIDEO_BEGINS, VIDEO_ENDS, Event, HealthEvent, Kind
from pipeline.domain.requester import Requester
from pipeline.engine.build import open_engine
from pipeline.storage.stored_analyses import StoredAnalyses
from pipeline.store.questions import Events
from pipeline.store.traffic_questions import Traffic
from tests.engine.test_reconfigure import analyzed, until

CONFIG = """\
cameras:
  - {{id: gate, source: {clip}, scope: public-road, analyze_fps: 5, start_time: 2026-11-02T08:00:00-03:00}}
models_dir: {models}
retention: {{plate_reads: null, tracks: null}}
observability: {{log_level: warning}}
"""


class Gate:
    """A camera whose video is run again and again."""

    def __init__(self, folder: Path, clip: Path, models: Path) -> None:
        folder.mkdir(exist_ok=True)
        path = folder / "city.yaml"
        path.write_text(CONFIG.format(clip=clip, models=models))
        self.config = load_config(path)

    def run(self, frames: int | None, *, replace: bool = False) -> list[str]:
        """Run to the end, or until so many frames are analyzed; the errors of its cameras."""
        with open_engine(self.config, StoredAnalyses(self.config.data_dir, replace)) as running:
            if frames is not None:
                least = frames

                def stop() -> None:
                    until(lambda: analyzed(running, "gate") >= least)
                    running.engine.stop()

                threading.Thread(target=stop, daemon=True).start()
            running.engine.run()
        return [camera.error for camera in running.report().cameras if camera.error]

    def set(self, **changes: object) -> None:
        """Change the camera's settings."""
        cameras = [camera.model_copy(update=changes) for camera in self.config.cameras]
        self.config = self.config.model_copy(update={"cameras": tuple(cameras)})

    def stored(self) -> tuple[int, dict[str, Event]]:
        """Number of tracks that are counted, and tracks and reads by their ids."""
        with open_queries(ConfiguredStores.of_config(self.config), Requester.of_process()) as queries:
            counted = sum(row.count for row in queries.ask(Traffic()).value)
            kinds = (Kind.TRACK, Kind.PLATE_READ)
            found = [event for kind in kinds for event in queries.ask(Events(kind=kind, limit=1000)).value]
        return counted, {str(event.event_id): event for event in found}

    def extent(self) -> frozenset[tuple[str, str]]:
        """States and reasons of its recorded video."""
        with open_queries(ConfiguredStores.of_config(self.config), Requester.of_process()) as queries:
            found = queries.ask(Events(kind=Kind.HEALTH, limit=1000)).value
        return frozenset((event.state, event.detail) for event in found if isinstance(event, HealthEvent))


@pytest.fixture(scope="module")
def clip(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of a highway."""
    path = tmp_path_factory.mktemp("highway") / "highway.mp4"
    whole = str(data_dir / "clips" / "highway-motorbike.mp4")
    subprocess.run(["ffmpeg", "-v", "error", "-i", whole, "-t", "6", "-an", "-c", "copy", str(path)], check=True)
    return path


@pytest.mark.real
def test_stopping_a_second_run_changes_nothing(tmp_path: Path, clip: Path, models_dir: Path) -> None:
    gate = Gate(tmp_path, clip, models_dir)
    gate.run(None)
    whole = gate.stored()
    assert whole[0] > 1
    gate.run(10)
    assert gate.stored() == whole


@pytest.mark.real
def test_fewer_frames_replace_nothing_unasked(tmp_path: Path, clip: Path, models_dir: Path) -> None:
    gate = Gate(tmp_path, clip, models_dir)
    assert gate.run(None) == []
    whole = gate.stored()
    gate.set(analyze_fps=1.0)
    (error,) = gate.run(None)
    assert "analyzed frames per second are 1 instead of 5" in error
    assert gate.stored() == whole
    assert gate.run(None, replace=True) == []
    assert gate.stored() != whole


@pytest.mark.real
def test_an_analysis_that_replaces_another_leaves_nothing_of_it(tmp_path: Path, clip: Path, models_dir: Path) -> None:
    gate = Gate(tmp_path / "again", clip, models_dir)
    gate.run(None)
    before = gate.stored()
    gate.set(analyze_fps=1.0)
    gate.run(3, replace=True)
    assert before[1].keys() <= gate.stored()[1].keys(), "one that is stopped deletes nothing"
    gate.run(None, replace=True)
    alone = Gate(tmp_path / "alone", clip, models_dir)
    alone.set(analyze_fps=1.0)
    alone.run(None)
    assert gate.stored() == alone.stored() != before


@pytest.mark.real
def test_a_first_run_that_is_stopped_stores_a_part_of_the_whole(tmp_path: Path, clip: Path, models_dir: Path) -> None:
    gate = Gate(tmp_path, clip, models_dir)
    gate.run(10)
    counted, part = gate.stored()
    assert counted == 0, "its minute is not over"
    assert gate.extent() == {("streaming", VIDEO_BEGINS)}
    gate.run(None)
    assert gate.extent() == {("streaming", VIDEO_BEGINS), ("ended", VIDEO_ENDS)}
    counted, whole = gate.stored()
    assert counted > 1
    assert part.items() <= whole.items(), "what was stored is as a run to the end stores it"
