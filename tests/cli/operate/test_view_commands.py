"""`viapublica camera confirm` and `status`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.app.cameras import view_confirmation
from pipeline.app.cameras.view_confirmation import CameraView, Snapshot
from pipeline.domain.confirmed_view import ViewRecord, ViewState
from pipeline.storage.confirmed_views import ConfirmedViews
from tests.cli.commands import viapublica_here

CITY = """\
cameras:
  - {id: gate, source: "rtsp://10.0.0.7/1", scope: public-square, masks: [[[0, 0], [0.2, 0], [0, 0.2]]]}
  - {id: yard, source: "rtsp://10.0.0.7/2", scope: public-square}
  - {id: video, source: video.mp4, scope: public-square}
sinks: [{type: jsonl}]
"""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    path = tmp_path / "city.yaml"
    path.write_text(CITY)
    return path


def test_the_status_names_the_cameras_that_were_moved(city: Path, tmp_path: Path) -> None:
    views = ConfirmedViews(tmp_path / "data")
    views.write("gate", ViewRecord(ViewState.CONFIRMED, 5, 5, "ana"), b"")
    assert viapublica_here("camera", "status", "--config", city).returncode == 0
    views.write("gate", ViewRecord(ViewState.MOVED, 9, 5, "ana", "its view is 4.0 % larger"), b"")
    done = viapublica_here("camera", "status", "--config", city, "--json")
    assert done.returncode == 1
    assert "viapublica camera confirm gate" in done.stderr
    gate, yard, _ = json.loads(done.stdout)
    assert (gate["masks"], gate["view"]["state"], gate["view"]["confirmed_by"]) == (1, "moved", "ana")
    assert yard == {"camera_id": "yard", "masks": 0, "view": None}
    shown = viapublica_here("camera", "status", "--config", city).stdout
    assert "4.0 % larger" in shown
    assert "not watched yet" in shown


def test_a_view_is_confirmed_only_by_a_person_who_agrees(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(path: Path, camera: str, target: Path, agrees: Callable[[Snapshot], bool]) -> CameraView | None:
        still = Snapshot(target, camera, 1, 2, 2, 1, {})
        record = ViewRecord(ViewState.CONFIRMED, 9, 9, "ana")
        return CameraView(camera, 1, record) if agrees(still) else None

    monkeypatch.setattr(view_confirmation, "confirm_view", asked)
    words = ("camera", "confirm", "gate", "--config", city, "--out", tmp_path / "view.png")
    done = viapublica_here(*words, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["view"]["confirmed_by"], found["image"]) == ("ana", str(tmp_path / "view.png"))
    assert "1 privacy mask, outlined" in viapublica_here(*words, "--yes").stderr
    refused = viapublica_here(*words)
    assert refused.returncode == 1
    assert "Give --yes if you agree" in refused.stderr
    assert "Add --yes" in viapublica_here(*words, "--json").stderr


def test_recorded_video_has_no_view_to_confirm(city: Path) -> None:
    done = viapublica_here("camera", "confirm", "video", "--config", city, "--yes")
    assert done.returncode == 1
    assert "is recorded video" in done.stderr
