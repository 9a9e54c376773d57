"""Drawings of a camera: every flaw has its place and its reason, and the file keeps what was not drawn anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.camera_drawing import CameraDrawing, drawing_change, drawing_flaws
from pipeline.config.load import parse_config
from pipeline.errors import ConfigError

SQUARE = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]]
BOW = [[0.4, 0.4], [0.6, 0.6], [0.6, 0.4], [0.4, 0.6]]
LINE = {"name": "gantry", "points": [[0.1, 0.7], [0.9, 0.7]]}
TEXT = """\
version: 1
cameras:
  - id: gate
    source: gate.mp4
    scope: public-road
    masks:
      - [[0.00, 0.10], [0.18, 0.12], [0.16, 0.55]] # the windows
    areas: # drawn in May
      drawn_for: 1280x720
      lines:
        - name: gantry # at the toll
          points: [[0.1, 0.7], [0.9, 0.7]]
sinks: [{type: jsonl, path: events}]
"""
METERS = """\
version: 1
cameras:
  - id: gate
    source: gate.mp4
    scope: public-road
    calibration:
      points:
        - {x: 0.4, y: 0.3, x_m: 0, y_m: 40}
        - {x: 0.6, y: 0.3, x_m: 7, y_m: 40}
        - {x: 0.9, y: 0.9, x_m: 7, y_m: 0}
        - {x: 0.1, y: 0.9, x_m: 0, y_m: 0}
    areas:
      units: meters
      zones:
        - {name: left, polygon: [[0.5, 1], [3.5, 1], [3.5, 30], [0.5, 30]]} # one lane
        - {name: right, polygon: [[3.5, 1], [6.5, 1], [6.5, 30], [3.5, 30]]}
sinks: [{type: jsonl, path: events}]
"""


def _drawing(text: str) -> CameraDrawing:
    return CameraDrawing.of_camera(parse_config(text, Path("city.yaml"), {}).cameras[0])


def _change(text: str, drawing: CameraDrawing) -> str:
    return drawing_change(Path("city.yaml"), text, "gate", drawing, {}).diff


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        ({"masks": [BOW]}, ("masks", 0, "edges-cross")),
        ({"masks": [SQUARE, SQUARE[:2]]}, ("masks", 1, "outside")),
        ({"ignore": [[[0.1, 0.1], [0.2, 0.1], [0.3, 0.1]]]}, ("ignore", 0, "next-to-no-area")),
        ({"ignore": [[[0.1, 0.1], [1.2, 0.1], [0.3, 0.5]]]}, ("ignore", 0, "outside")),
        ({"zones": [{"name": "a", "polygon": BOW}]}, ("zones", 0, "edges-cross")),
        ({"zones": [{"name": "a", "polygon": [[0.1, 0.1], [0.101, 0.1], [0.1, 0.101]]}]}, ("zones", 0, "too-small")),
        ({"zones": [{"name": "a", "polygon": [*SQUARE[:3], [0.4, 1.4]]}]}, ("zones", 0, "outside")),
        ({"zones": [{"name": "a", "kind": "lane", "polygon": SQUARE}]}, ("zones", 0, "no-heading")),
        ({"zones": [{"name": "faixa à direita", "polygon": SQUARE}]}, ("zones", 0, "bad-name")),
        ({"zones": [{"name": "a", "polygon": SQUARE}], "masks": [SQUARE]}, ("zones", 0, "masked")),
        ({"lines": [{**LINE, "points": [[0.1, 0.1], [0.1, 0.101]]}]}, ("lines", 0, "short-line")),
        ({"lines": [{**LINE, "forward": "in", "backward": "in"}]}, ("lines", 0, "one-direction")),
        ({"lines": [LINE], "masks": [[[0.4, 0.6], [0.6, 0.6], [0.5, 0.8]]]}, ("lines", 0, "across-mask")),
        ({"lines": [LINE], "zones": [{"name": "gantry", "polygon": SQUARE}]}, ("lines", 0, "name-twice")),
        ({"calibration": {"points": [{"x": 0.1, "y": 0.1, "x_m": 0, "y_m": 0}] * 4}}, ("calibration", 0, "no-plane")),
    ],
)
def test_a_flaw_has_its_place_and_its_reason(drawing: dict[str, Any], expected: tuple[str, int, str]) -> None:
    (flaw,) = drawing_flaws(CameraDrawing(**drawing))
    assert (flaw.part, flaw.number, flaw.code) == expected
    assert flaw.message


def test_a_drawing_as_it_is_configured_changes_nothing() -> None:
    for text in (TEXT, METERS):
        assert drawing_flaws(_drawing(text)) == []
        assert _change(text, _drawing(text)) == ""


def test_a_new_zone_and_a_moved_line_keep_the_comments() -> None:
    drawing = replace(
        _drawing(TEXT),
        zones=[{"name": "lane-1", "kind": "lane", "polygon": SQUARE, "heading": [[0.5, 0.4], [0.5, 0.61234]]}],
        lines=[{**LINE, "points": [[0.1, 0.8], [0.9, 0.8]], "forward": "forward", "backward": "backward"}],
        drawn_for="1920x1080",
    )
    assert [line for line in _change(TEXT, drawing).splitlines()[2:] if line[:1] in "+-"] == [
        "-      drawn_for: 1280x720",
        "+      drawn_for: 1920x1080",
        "-          points: [[0.1, 0.7], [0.9, 0.7]]",
        "+          points: [[0.1, 0.8], [0.9, 0.8]]",
        "+      zones:",
        "+        - name: lane-1",
        "+          kind: lane",
        "+          polygon: [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]]",
        "+          heading: [[0.5, 0.4], [0.5, 0.6123]]",
    ]


def test_areas_in_meters_stay_in_meters_and_only_the_moved_one_changes() -> None:
    drawing = _drawing(METERS)
    left, right = drawing.zones
    moved = {**right, "polygon": [left["polygon"][0], *right["polygon"][1:]]}
    lines = [
        line for line in _change(METERS, replace(drawing, zones=[left, moved])).splitlines()[2:] if line[0] in "+-"
    ]
    assert lines == [
        "-        - {name: right, polygon: [[3.5, 1], [6.5, 1], [6.5, 30], [3.5, 30]]}",
        "+        - {name: right, polygon: [[0.5, 1.0], [6.5, 1.0], [6.5, 30.0], [3.5, 30.0]]}",
    ]


def test_areas_in_meters_need_the_calibration() -> None:
    with pytest.raises(ConfigError, match="needs the camera's calibration"):
        _change(METERS, replace(_drawing(METERS), calibration=None))
