"""Events of a small city, and commands that ask about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from pipeline.domain.events import Event
from tests.cli.commands import app
from tests.event_samples import START_MS, alert, count, health, line_count, plate_read, track, zone_state
from tests.filled_store import fill_store

_CITY = """\
cameras:
  - {id: se, source: a.mp4, scope: public-road, name: "Praça da Sé, 1", latitude: -23.550520, longitude: -46.633308}
  - id: paulista
    source: a.mp4
    scope: public-road
    areas:
      zones: [{name: lane-1, polygon: [[0, 0], [1, 0], [1, 1]]}]
      lines: [{name: gantry, points: [[0, 0.5], [1, 0.5]], forward: to-center, backward: to-suburb}]
    latitude: -23.561414
    longitude: -46.655881
  - {id: rio, source: a.mp4, scope: public-road, latitude: -22.906847, longitude: -43.172896}
  - {id: nowhere, source: a.mp4, scope: public-road}
"""

Ask = Callable[..., Result]


def seen(number: int, plate: str, camera: str, second: int) -> Event:
    return plate_read(number, plate=plate, camera=camera, ts_ms=START_MS + second * 1000)


EVENTS: list[Event] = [
    seen(1, "ABC1234", "se", 0),
    seen(2, "ABC1C34", "paulista", 600),
    seen(3, "ABC1C34", "rio", 1200),  # 360 km in ten minutes
    seen(4, "ABC1D34", "nowhere", 1300),
    seen(5, "FRI3E00", "se", 5),
    seen(6, "FRI3E00", "paulista", 603),
    seen(7, "XYZ9A99", "nowhere", 700),
    seen(8, "XYZ9A99", "paulista", 1500),
    *(count(n, camera="se") for n in range(3)),
    *(track(n, camera="se", speed_m_s=10.0 + n) for n in range(3)),
    *(line_count(n, camera="paulista") for n in range(2)),
    zone_state(0, camera="paulista"),
    alert(1, camera="se"),
    health(1, camera="se"),
]


def city_of(folder: Path) -> Path:
    """A configuration whose event store holds `EVENTS`, twice."""
    (folder / "city.yaml").write_text(_CITY)
    fill_store(folder / "data", EVENTS, times=2)
    return folder / "city.yaml"


def asking(city: Path) -> Ask:
    """Runs a command in this process."""

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [*map(str, words), "--config", str(city)], env={"COLUMNS": "200"})

    return run


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code in {0, 3, 4}, result.output
    *found, last = map(json.loads, result.stdout.splitlines())
    assert last["answer"]["rows"] == len(found)
    assert (result.exit_code == 0) == bool(found)
    return found
