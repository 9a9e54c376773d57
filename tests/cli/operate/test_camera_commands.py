"""`viapublica camera`, and times in places whose clocks are changed."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.cli.operate.camera_commands import _bar
from pipeline.record.recording_archive import RecordingArchive
from tests.cli.commands import viapublica_here
from tests.record.packets import BEGIN_MS, clip, record

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    source = clip(tmp_path)
    record(tmp_path / "video", source, camera="praca")
    record(tmp_path / "video", source, camera="praca", begin_ms=BEGIN_MS + 10_000)
    return tmp_path / "video"


def run(*words: str | Path) -> str:
    done = viapublica_here(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_segments_and_gaps_are_listed(video: Path) -> None:
    (camera,) = json.loads(run("camera", "segments", "--dir", video, "--to", "2025-06-01T12:01Z", "--json"))
    assert camera["camera"] == "praca"
    assert [one["begin_ms"] - BEGIN_MS for one in camera["segments"]] == [
        *range(0, 4000, 1000),
        *range(10_000, 14_000, 1000),
    ]
    assert camera["bytes"] == sum(path.stat().st_size for path in video.rglob("*.mp4"))
    assert camera["gaps"][0]["reason"].startswith("the cable was pulled")


def test_a_day_is_shown_as_a_bar(video: Path) -> None:
    shown = viapublica_here("camera", "segments", "--dir", video, "--zone", "America/Sao_Paulo")
    assert shown.returncode == 0, shown.stderr
    assert "praca  2025-06-01 09:00:00 -03:00 to 2025-06-01 09:00:" in shown.stdout
    assert "days of America/Sao_Paulo" in shown.stdout
    (bar,) = [line for line in shown.stdout.splitlines() if line.startswith("2025-06-01  ")]
    assert bar.split()[1] == "·" * 36 + "▄" + "·" * 59
    assert "the cable was pulled" in shown.stdout


@pytest.mark.parametrize(("day", "quarters"), [("2018-11-04", 92), ("2018-02-17", 100), ("2018-02-16", 96)])
def test_a_day_on_which_clocks_change_has_its_own_length(day: str, quarters: int) -> None:
    bar = _bar(date.fromisoformat(day), (), (), SAO_PAULO)
    assert [part[0] for part in bar[1:]] == ["·"] * quarters


def test_held_video_is_pruned_only_after_the_hold_is_released(video: Path) -> None:
    given = ["--from", "2025-06-01T12:00:01.200Z", "--to", "2025-06-01T12:00:01.300Z", "--reason", "order 12"]
    hold_id = run("camera", "hold", "praca", *given, "--by", "A. Souza", "--dir", video).strip()
    done = json.loads(run("camera", "prune", "--dir", video, "--json"))
    assert (len(done["removed"]), done["held"]) == (7, 1)
    assert len(RecordingArchive(video).segments("praca")) == 1
    zone = ("--zone", "America/Sao_Paulo")
    released = viapublica_here("camera", "unhold", hold_id, "--by", "A. Souza", "--dir", video, *zone)
    assert "released: praca, 2025-06-01 09:00:01 -03:00 to 2025-06-01 09:00:01 -03:00" in released.stderr
    run("camera", "prune", "--dir", video)
    assert RecordingArchive(video).segments("praca") == []


def test_harmed_files_are_named_with_their_fault(video: Path) -> None:
    checked = viapublica_here("camera", "segments", "--verify", "--dir", video)
    assert (checked.returncode, checked.stdout) == (0, "praca  8 files with a digest, 0 faults\n")
    cut, lost = (one.path for one in RecordingArchive(video).segments("praca")[2:4])
    os.truncate(cut, 100)
    lost.unlink()
    shown = viapublica_here("camera", "segments", "--verify", "--dir", video, "--zone", "America/Sao_Paulo")
    assert shown.returncode == 1
    assert "praca  8 files with a digest, 2 faults" in shown.stdout
    assert f"{cut.name}" in shown.stdout
    assert "2025-06-01 09:00:03 -03:00" in shown.stdout
    assert "is lost" in shown.stdout
    assert "fix:" in shown.stderr
    assert "has 2 files not as recorded" in shown.stderr
    listed = viapublica_here(
        "camera", "segments", "--verify", "--dir", video, "--json", "--from", "2025-06-01T12:00:02Z"
    )
    (camera,) = json.loads(listed.stdout)
    assert [(Path(one["file"]).name, one["problem"].partition(":")[0]) for one in camera["faults"]] == [
        (cut.name, "was cut"),
        (lost.name, "is lost"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--camera", "rua"], "camera rua: has no recorded video"),
        (["--from", "2025-06-02", "--to", "2025-06-01"], "ends before it begins"),
        (["--from", "2018-11-04T00:30", "--zone", "America/Sao_Paulo"], "does not exist"),
        (["--zone", "Brasil"], "is not known"),
        (["--from", "0001-01-01", "--zone", "Asia/Tokyo"], "before 1970"),
        (["--to", "9999-12-31T23:59-12:00"], "after 2199"),
        (["--from", "9999999999999d"], "before 1970"),
    ],
)
def test_a_wrong_camera_or_time_is_an_error_with_a_fix(video: Path, words: list[str], message: str) -> None:
    done = viapublica_here("camera", "segments", "--dir", video, *words)
    assert done.returncode == 1
    assert message in done.stderr
    assert "fix:" in done.stderr


def test_a_configuration_without_a_record_section_is_an_error(tmp_path: Path) -> None:
    config = tmp_path / "v.yaml"
    config.write_text("cameras:\n  - {id: a, source: 'rtsp://127.0.0.1/1', scope: public-road}\n")
    done = viapublica_here("camera", "segments", "--config", config)
    assert done.returncode == 1
    assert "has no record section" in done.stderr


def test_times_of_a_folder_are_in_the_zone_of_the_configuration_that_is_found(video: Path, tmp_path: Path) -> None:
    (tmp_path / "viapublica.yaml").write_text(
        "zone: America/Cuiaba\ncameras: [{id: praca, source: a.mp4, scope: public-road}]\n"
    )
    shown = viapublica_here("camera", "segments", "--dir", video, cwd=tmp_path)
    assert "-04:00" in shown.stdout + shown.stderr
