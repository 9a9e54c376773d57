from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.demo.camera_clip import ClipForm, street_images, write_clip
from pipeline.domain.camera import Scope
from pipeline.engine.machine_measurement import MeasuredClip, _Usage, measure_machine
from pipeline.engine.measured_clips import given_clip
from pipeline.errors import ViapublicaError
from tests.engine.networks import AlwaysA, PersonWithFace

_FORM = ClipForm((320, 180), 25, "h264", 0.5)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "street.mp4"
    write_clip(path, street_images(1, 0.2, 50), _FORM)
    return path


@pytest.fixture(autouse=True)
def _fast_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engine.device_fallback.build_detector", lambda *_: PersonWithFace())
    monkeypatch.setattr("pipeline.engine.device_fallback.build_reader", lambda *_: AlwaysA())


def _base() -> Config:
    return Config(cameras=(CameraSettings(id="none", source="none", scope=Scope.PUBLIC_ROAD),))


def test_a_clip_is_what_a_camera_would_send(clip: Path) -> None:
    frames = list(open_source("clip", str(clip), settings=DecodeSettings()).frames())
    assert len(frames) == 10
    assert {(frame.image.width, frame.image.height) for frame in frames} == {(320, 180)}
    assert frames[-1].pts_s == pytest.approx(9 / 25, abs=0.001)


def test_every_clip_is_run_at_least_twice_and_analyzed_as_often_as_asked(clip: Path) -> None:
    shares: list[float] = []
    clips = {"asked": MeasuredClip(clip, 0.4, 25.0), "low rate": MeasuredClip(clip, 0.4, 5.0)}
    results = measure_machine(_base(), clips, 0.1, shares.append)
    assert {name: len(result.runs) for name, result in results.items()} == {"asked": 2, "low rate": 2}
    assert shares == sorted(shares)
    for result in results.values():
        low, typical, high = result.machine_seconds
        assert 0 < low <= typical <= high
        assert result.analyzed == pytest.approx(1.0)


def test_a_video_shorter_than_a_second_is_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(ViapublicaError, match="shorter than 1 s"):
        given_clip(tmp_path, clip, _FORM)


def test_what_other_programs_took_is_deducted_only_where_the_processors_were_full() -> None:
    crowded = _Usage(wall_s=10, cores=2, own_s=5, all_s=20)
    assert crowded.other_share == pytest.approx(0.75)
    assert crowded.own_seconds == pytest.approx(2.5)
    waiting = _Usage(wall_s=10, cores=2, own_s=5, all_s=10)
    assert waiting.own_seconds == 10
    coarse = _Usage(wall_s=10, cores=2, own_s=1, all_s=21)
    assert coarse.own_seconds == pytest.approx(0.5)


def test_a_clip_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(ViapublicaError, match="broken"):
        measure_machine(_base(), {"asked": MeasuredClip(broken, 1.0, 5.0)}, 0.1)
