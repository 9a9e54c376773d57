"""Recorded video, holds and pruning, without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.recordings import hold_video, prune_video, record_settings, recorded_cameras, release_hold
from pipeline.errors import ConfigError, RecordError
from tests.record.packets import BEGIN_MS, clip, record


@pytest.fixture
def video(tmp_path: Path) -> Path:
    record(tmp_path / "video", clip(tmp_path), camera="praca")
    return tmp_path / "video"


def test_a_span_shows_its_segments_and_holds(video: Path) -> None:
    hold_id, held = hold_video(video, "praca", BEGIN_MS, BEGIN_MS + 1500, reason="order 12", by="A. Souza")
    (camera,) = recorded_cameras(video, end_ms=BEGIN_MS + 1500)
    assert list(camera.segments) == list(held)
    assert [one.hold_id for one in camera.holds] == [hold_id]
    assert camera.size == sum(one.size for one in held) > 0


def test_held_video_is_pruned_after_its_hold_is_released(video: Path) -> None:
    settings = record_settings(None, video)
    hold_id, held = hold_video(video, "praca", BEGIN_MS, BEGIN_MS + 500, reason="order 12", by="A. Souza")
    assert prune_video(settings).held == tuple(held)
    assert release_hold(video, hold_id, "A. Souza").camera_id == "praca"
    assert prune_video(settings).left == 0


def test_without_configuration_and_folder_the_error_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        record_settings(None, None)
    assert "--config" in (error.value.fix or "")
    assert "--dir" in (error.value.fix or "")
    with pytest.raises(RecordError, match="is not a folder"):
        record_settings(None, tmp_path / "none")
