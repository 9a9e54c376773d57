"""The check of a configuration, without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.config_check import check_config
from pipeline.errors import ModelCardError

_CAMERAS = """\
cameras:
  - {id: gate, source: "rtsp://admin:hunter2@10.0.0.7/1", scope: public-road, analyze_fps: 5}
  - {id: square, source: video.mp4, scope: public-square}
"""


def test_cameras_are_described_without_passwords(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(_CAMERAS)
    checked = check_config(path)
    gate, square = checked.cameras
    assert (gate.source, gate.analyze_fps, gate.no_plates, gate.missing) == ("rtsp://***@10.0.0.7/1", 5, "", False)
    assert (square.scope, square.missing, bool(square.no_plates)) == ("public-square", True, True)
    assert "hunter2" not in str(checked.as_json())


def test_a_model_without_a_card_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(_CAMERAS + "detect: {model: no_such_model}\n")
    with pytest.raises(ModelCardError):
        check_config(path)


def test_a_rate_at_which_plates_are_missed_is_named_where_plates_are_read(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(
        "cameras:\n"
        "  - {id: slow, source: a.mp4, scope: public-road, analyze_fps: 4.9}\n"
        "  - {id: enough, source: b.mp4, scope: public-road, analyze_fps: 5}\n"
        "  - {id: all, source: c.mp4, scope: public-road}\n"
        "  - {id: square, source: d.mp4, scope: public-square, analyze_fps: 1}\n"
    )
    notes = {camera.camera_id: " ".join(camera.notes) for camera in check_config(path).cameras}
    assert "plates of passing vehicles are missed below 5" in notes.pop("slow")
    assert not any("missed" in note for note in notes.values())


def test_ignored_areas_that_hide_much_of_the_image_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    areas = {"most": "[[0, 0.3], [1, 0.3], [1, 1], [0, 1]]", "date": "[[0, 0.9], [0.4, 0.9], [0.4, 1], [0, 1]]"}
    path.write_text(
        "cameras:\n"
        + "".join(
            f"  - {{id: {name}, source: v.mp4, scope: public-road, ignore: [{one}]}}\n" for name, one in areas.items()
        )
    )
    notes = {camera.camera_id: camera.notes for camera in check_config(path).cameras}
    assert any("ignored areas hide 70% of the image, where no plate is read" in note for note in notes["most"])
    assert not any("ignored" in note for note in notes["date"])


def test_a_zone_that_privacy_masks_hide_in_part_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    zone = "zones: [{name: road, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}]"
    path.write_text(
        f"cameras:\n  - {{id: a, source: v.mp4, scope: public-road, areas: {{{zone}}}, "
        "masks: [[[0, 0], [0.4, 0], [0.4, 1], [0, 1]]]}\n"
    )
    (camera,) = check_config(path).cameras
    assert any("zone 'road': privacy masks hide 41% of it" in note for note in camera.notes)
