"""Configurations of benchmark runs: cameras of one kind, shipped defaults, events into a file of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline.config.load import parse_config
from pipeline.config.settings import Config

_EVENTS = "events.jsonl"


class Workload(msgspec.Struct, frozen=True):
    """How frames are analyzed.

    Attributes:
        models: folder of weights; None for those of the environment or the package.
        detect: section ``detect`` of the configuration, where it differs from the default.
        analyze_fps: analyzed frames per second of each camera; None for all.
        adaptive: as shipped, of these frames only those in which something new may be seen; otherwise every one.
    """

    models: Path | None = None
    detect: dict[str, Any] = {}
    analyze_fps: float | None = None
    adaptive: bool = True

    @property
    def analysis(self) -> str:
        """Whether analysis is adaptive, in words."""
        return "adaptive" if self.adaptive else "every frame"


def configuration(folder: Path, sources: Sequence[str | Path], work: Workload) -> Config:
    """A configuration whose cameras have these sources and are called ``cam-0``, ``cam-1`` …

    Args:
        folder: for data and events; empty.
        sources: a file or address per camera.
        work: how they are analyzed.
    """
    rate = {} if work.analyze_fps is None else {"analyze_fps": work.analyze_fps}
    document = {
        "data_dir": str(folder),
        "cameras": [
            {"id": f"cam-{number}", "source": str(source), "scope": "public-road", **rate}
            for number, source in enumerate(sources)
        ],
        "analyze": {"adaptive": work.adaptive},
        "detect": work.detect,
        "sinks": [{"type": "jsonl", "path": _EVENTS}],
        "observability": {"log_level": "error"},
    }
    config = parse_config(json.dumps(document), folder / "benchmark.yaml")
    return config if work.models is None else config.model_copy(update={"models_dir": work.models})


def events_of(folder: Path) -> Iterator[dict[str, Any]]:
    """The events that a run of `configuration` wrote, after it has closed."""
    path = folder / _EVENTS
    if path.is_file():
        for line in path.read_bytes().splitlines():
            yield msgspec.json.decode(line)
