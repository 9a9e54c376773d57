"""Recorded video, holds and pruning, without a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.app.config_check import check_config
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.doctor import ComponentState, _segment_digests, check_components
from pipeline.app.holds import hold_time, release_hold
from pipeline.app.recordings import (
    VideoSegment,
    check_recordings,
    prune_video,
    record_settings,
    recorded_cameras,
)
from pipeline.config import load_config
from pipeline.errors import AuditUnavailable, ConfigError, PolicyError, RecordError
from tests.audit.logs import lines
from tests.record.packets import BEGIN_MS, clip, record, record_masked


@pytest.fixture
def video(tmp_path: Path) -> Path:
    record(tmp_path / "video", clip(tmp_path), camera="praca")
    return tmp_path / "video"


def place_hold(
    video: Path, camera: str, begin_ms: int, end_ms: int, reason: str = "order 12"
) -> tuple[str, Sequence[VideoSegment]]:
    return hold_time(ConfiguredStores.of_recordings(video), camera, begin_ms, end_ms, reason=reason, by="A. Souza")


def test_a_span_shows_its_segments_and_holds(video: Path) -> None:
    hold_id, held = place_hold(video, "praca", BEGIN_MS, BEGIN_MS + 1500)
    (camera,) = recorded_cameras(video, end_ms=BEGIN_MS + 1500)
    assert list(camera.segments) == list(held)
    assert [one.hold_id for one in camera.holds] == [hold_id]
    assert camera.size == sum(one.size for one in held) > 0


def test_held_video_is_pruned_after_its_hold_is_released(video: Path) -> None:
    settings = record_settings(None, video)
    hold_id, held = place_hold(video, "praca", BEGIN_MS, BEGIN_MS + 500)
    assert prune_video(settings).held == tuple(held)
    assert release_hold(ConfiguredStores.of_recordings(video), hold_id, "A. Souza").camera_id == "praca"
    assert prune_video(settings).left == 0
    found = [json.loads(line) for line in lines(video.parent / "audit")]
    assert [(one["operation"], one["details"]["action"], one.get("rows")) for one in found] == [
        ("hold", "hold", None),
        ("disposal", "prune", None),
        ("disposal", "disposing", 3),
        ("disposal", "disposed", 3),
        ("hold-release", "release-hold", None),
        ("disposal", "prune", None),
        ("disposal", "disposing", len(held)),
        ("disposal", "disposed", len(held)),
    ]
    assert [one["cameras"] for one in found if "cameras" in one] == [["praca"], ["praca"]]


def test_recorded_video_is_not_shown_held_or_removed_without_an_audit_record(video: Path) -> None:
    (video.parent / "audit").write_text("a file in its place")
    before = sorted(video.rglob("*"))
    for use_case in (
        lambda: recorded_cameras(video),
        lambda: place_hold(video, "praca", BEGIN_MS, BEGIN_MS + 500),
        lambda: prune_video(record_settings(None, video)),
        lambda: check_recordings(video),
    ):
        with pytest.raises(AuditUnavailable):
            use_case()
    assert sorted(video.rglob("*")) == before


def test_a_hold_that_cannot_be_placed_is_recorded_as_failed_or_refused(video: Path) -> None:
    for camera, reason in (("unknown", "order 12"), ("praca", "frequenta o templo evangélico")):
        with pytest.raises((RecordError, PolicyError)):
            place_hold(video, camera, BEGIN_MS, BEGIN_MS + 500, reason)
    found = [json.loads(line) for line in lines(video.parent / "audit")]
    assert [(one["outcome"], one["reason"]) for one in found if "reason" in one] == [
        ("failed", "RecordError"),
        ("refused", "PolicyError"),
    ]


def test_doctor_names_recorded_files_that_were_changed(video: Path, tmp_path: Path) -> None:
    assert _segment_digests(video) == "4 files present and of the right size, content of the newest 3 unchanged"
    assert _segment_digests(tmp_path / "missing").startswith("0 files")
    lost, *_, changed = (one.path for one in recorded_cameras(video)[0].segments)
    lost.unlink()
    changed.write_bytes(b"\0" * changed.stat().st_size)
    with pytest.raises(RecordError) as failed:
        _segment_digests(video)
    assert f"praca/2025-06-01/{lost.name} is lost; praca/2025-06-01/{changed.name} was changed" in str(failed.value)


MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.3))


def test_video_that_shows_what_masks_hide_is_named_with_its_times_and_how_to_delete_it(tmp_path: Path) -> None:
    record(tmp_path / "video", clip(tmp_path, 4), segment_s=2)
    record_masked(tmp_path / "video", (MASK,), seconds=4, begin_ms=BEGIN_MS + 10_000)
    (found,) = recorded_cameras(tmp_path / "video")
    assert [(one.begin_ms - BEGIN_MS, one.end_ms - BEGIN_MS, one.files) for one in found.unmasked] == [(0, 4000, 2)]
    note, fix = found.unmasked_note
    assert "2 recorded files show what privacy masks hide" in note
    assert "2025-06-01 12:00:00 +00:00 to 2025-06-01 12:00:04 +00:00" in note
    assert "viapublica erase --camera cam --from 2025-06-01T12:00:00Z --to 2025-06-01T12:00:05Z" in fix
    assert found.as_json()["unmasked"][0]["files"] == 2


def test_a_mask_of_the_configuration_counts_for_video_recorded_before_it(tmp_path: Path) -> None:
    record(tmp_path / "video", clip(tmp_path, 4), segment_s=2)
    assert not recorded_cameras(tmp_path / "video")[0].unmasked
    (found,) = recorded_cameras(tmp_path / "video", masks={"cam": [MASK]})
    assert [one.files for one in found.unmasked] == [2]
    assert not recorded_cameras(tmp_path / "video", end_ms=BEGIN_MS - 1, masks={"cam": [MASK]})[0].unmasked


@pytest.mark.parametrize("filled", [True, False])
def test_doctor_and_config_check_name_such_video(tmp_path: Path, filled: bool) -> None:
    if filled:
        record_masked(tmp_path / "video", (MASK,), seconds=2)
    else:
        record(tmp_path / "video", clip(tmp_path, 2), segment_s=2)
    path = tmp_path / "city.yaml"
    path.write_text(
        "version: 1\ncameras: [{id: cam, source: 'rtsp://192.0.2.1/a', scope: public-road, "
        "masks: [[[0, 0], [0.5, 0], [0.5, 0.3]]]}]\nrecord: {dir: video, days: 3650}\n"
    )
    (camera,) = check_config(path).cameras
    named = [note for note in camera.notes if "show what" in note or "shows what" in note]
    assert bool(named) is not filled
    (check,) = [one for one in check_components(load_config(path), None) if one.component == "recorded video"]
    assert check.state is (ComponentState.WORKING if filled else ComponentState.BROKEN)
    assert ("erase --camera cam" in check.fix) is not filled


def test_without_configuration_and_folder_the_error_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        record_settings(None, None)
    assert "--config" in (error.value.fix or "")
    assert "--dir" in (error.value.fix or "")
    with pytest.raises(RecordError, match="is not a folder"):
        record_settings(None, tmp_path / "none")
