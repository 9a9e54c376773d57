"""A drawing is written into the file it was begun with, or not at all; calibrations that cannot be true are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from pipeline.app.cameras import camera_calibration, drawing_session
from pipeline.app.cameras.camera_calibration import GroundRefused, RecordedPaths, calibrated_camera
from pipeline.app.cameras.drawing_session import CameraDrawing, FlawedDrawing, StaleDrawing, open_drawing
from pipeline.app.cameras.redacted_image import RedactedImage
from pipeline.config.load import load_config
from pipeline.domain.trajectory import TrajectoryPoint
from tests.console.drawing.drawn_scene import CONFIG, RECTANGLE, seen
from tests.console.drawing.drawn_scene import drawing_session as session_of
from tests.event_samples import track

LANE = {"name": "lane-1", "kind": "lane", "polygon": [[0.5, 0.5], [0.6, 0.5], [0.9, 0.9], [0.5, 0.9]]}
HEADED = {**LANE, "heading": [[0.7, 0.9], [0.55, 0.5]]}


def _drawing(session: drawing_session.DrawingSession, **changes: Any) -> CameraDrawing:
    return replace(CameraDrawing(**session.state()["drawing"]), **changes)


def _paths(speed_m_s: float) -> RecordedPaths:
    def path(x_m: float) -> list[TrajectoryPoint]:
        return [TrajectoryPoint(500 * n, *seen(x_m, 9 + speed_m_s * n / 2)) for n in range(6)]

    return RecordedPaths([path(x_m) for x_m in np.linspace(-3, 3, 12)])


def test_a_drawing_is_written_with_comments_and_a_record_in_the_audit(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    before = session.state()
    drawing = _drawing(session, zones=[*before["drawing"]["zones"], HEADED], masks=[])
    assert "+        - name: lane-1" in session.diff(drawing, before["version"])
    assert (tmp_path / "city.yaml").read_text() == CONFIG
    after = session.save(drawing, before["version"])
    text = (tmp_path / "city.yaml").read_text()
    assert "# both lanes" in text
    assert "lane-1" in text
    assert after["drawing"]["zones"][1] == HEADED
    assert after["areas_version"] != before["areas_version"]
    assert after["version"] != before["version"]
    records = "".join(path.read_text() for path in (tmp_path / "data" / "audit").rglob("*.jsonl"))
    assert '"configuration"' in records
    assert "1 before, 0 after" in records
    assert session.diff(drawing, after["version"]) == ""


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    version, drawing = session.version, _drawing(session, zones=[HEADED])
    changed = CONFIG + "# by hand\n"
    (tmp_path / "city.yaml").write_text(changed)
    with pytest.raises(StaleDrawing, match="changed by another program"):
        session.save(drawing, version)
    assert (tmp_path / "city.yaml").read_text() == changed
    assert session.reload()["version"] != version
    with pytest.raises(StaleDrawing):
        session.save(drawing, version)  # another tab still has the old one


def test_a_flawed_drawing_is_not_written(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    with pytest.raises(FlawedDrawing) as caught:
        session.save(_drawing(session, zones=[LANE]), session.version)
    assert [flaw.code for flaw in caught.value.flaws] == ["no-heading"]
    assert (tmp_path / "city.yaml").read_text() == CONFIG


def test_areas_of_an_image_of_another_shape_are_named(tmp_path: Path) -> None:
    session = session_of(tmp_path, CONFIG.replace("1280x720", "640x480"))
    assert session.state()["other_shape"] == "640x480"
    assert "+      drawn_for: 1280x720" in session.diff(_drawing(session, masks=[]), session.version)


def test_a_calibration_has_its_error_and_a_grid(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    report = session.ground(RECTANGLE, check=(seen(0, 12), seen(0, 24), 12.0))
    assert report["note"] == "there is no event store"
    assert abs(report["error"]["check"]) < 0.01
    assert report["grid_m"] == 5
    assert len(report["grid"]) > 5
    saved = session.save(_drawing(session, calibration=report["calibration"]), session.version)
    assert saved["drawing"]["calibration"] == report["calibration"]


def test_a_calibration_under_which_recorded_vehicles_fly_is_refused_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (camera_calibration, drawing_session):
        monkeypatch.setattr(module, "recorded_paths", lambda *_: _paths(speed_m_s=12))
    session = session_of(tmp_path)
    wrong = {**RECTANGLE, "length_m": 200}
    assert session.ground(RECTANGLE)["tracks"] == 12
    with pytest.raises(GroundRefused, match="faster than 200 km/h") as caught:
        session.ground(wrong)
    assert (caught.value.code, caught.value.values["tracks"]) == ("flying", 12)
    with pytest.raises(GroundRefused):
        calibrated_camera(tmp_path / "city.yaml", "av-brasil-900", wrong, None)
    points = camera_calibration.measured_ground(wrong, 16 / 9)[0].model_dump(mode="json")
    with pytest.raises(GroundRefused):
        session.save(_drawing(session, calibration=points), session.version)
    lane = {"kind": "lane", "left": [seen(-3.4, 10)], "right": [seen(0, 10)], "width_m": 3.4, "vanishing": "tracks"}
    report = session.ground({**lane, "along": [seen(0, 12), seen(0, 24)], "along_m": 12}, (seen(3, 12), seen(3, 20), 8))
    assert abs(report["error"]["check"]) < 0.03


def test_paths_of_recorded_vehicles_are_those_of_the_event_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        structs.replace(track(number), label=label, trajectory=trajectory)
        for number, (label, trajectory) in enumerate(
            [("car", "0 5000 9000;500 5000 8000"), ("person", "0 1 1;500 2 2"), ("bus", ""), ("truck", "0 1 1;9 2 2")]
        )
    ]

    @contextmanager
    def stored(*_: Any) -> Iterator[Any]:
        yield SimpleNamespace(ask=lambda _: SimpleNamespace(value=events))

    monkeypatch.setattr(camera_calibration, "open_queries", stored)
    path = tmp_path / "city.yaml"
    path.write_text(CONFIG.replace("jsonl, path: events", "chdb"))
    config = load_config(path)
    recorded = camera_calibration.recorded_paths(config, config.cameras[0])
    assert [(one[0].x, one[0].y) for one in recorded.paths] == [(0.5, 0.9), (0.0001, 0.0001)]
    assert recorded.note == ""


def test_the_image_is_shown_through_the_masks_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    shown = []

    def redacted(_config: Any, _camera: Any, image_of_camera: Any) -> RedactedImage:
        image, at_ms = image_of_camera()
        shown.append(image.bgr())
        return RedactedImage(image.bgr(), at_ms, {})

    monkeypatch.setattr(drawing_session, "redacted_image", redacted)
    (tmp_path / "city.yaml").write_text(CONFIG)
    cv2.imwrite(str(tmp_path / "still.png"), np.full((360, 640, 3), 200, np.uint8))
    session = open_drawing(tmp_path / "city.yaml", "av-brasil-900", tmp_path / "still.png")
    assert (session.still.width, session.still.height, session.still.at_ms) == (640, 360, None)
    pixels = cv2.imdecode(np.frombuffer(session.still.content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels[20, 20].max() < 20  # masks[0]
    assert pixels[300, 500].min() > 180
    assert len(shown) == 1
