"""The main job, run as its users run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from tests.cli.commands import viapublica, viapublica_here
from tests.decode.test_video_tracks import two_tracks
from tests.event_samples import wait_until

pytestmark = pytest.mark.real


def config(folder: Path, cameras: str, more: str = "sinks: [{type: chdb, batch_interval_s: 0.2}]\n") -> Path:
    path = folder / "city.yaml"
    path.write_text(f"cameras:\n{cameras}{more}")
    return path


def _start(city: Path, models_dir: Path, stderr: IO[str], *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", str(city), "--json", *options],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env={**os.environ, "VIAPUBLICA_MODELS": str(models_dir)},
    )


def _wait_for(words: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while words not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)


def test_files_are_analyzed_to_their_end_and_their_events_can_be_queried(
    tmp_path: Path, data_dir: Path, models_dir: Path
) -> None:
    clips = data_dir / "clips"
    city = config(
        tmp_path,
        f"  - {{id: cars, source: {clips}/highway-motorbike.mp4, scope: public-road, analyze_fps: 5}}\n"
        f"  - {{id: people, source: {clips}/people-walking.mp4, scope: public-square, analyze_fps: 2}}\n",
    )
    result = viapublica("run", city, "--json", "--strict", models=models_dir)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout.splitlines()[-1])
    decoded = {camera["camera"]: camera["decoded"] for camera in report["cameras"]}
    assert decoded == {"cars": 434, "people": 314}
    for camera in report["cameras"]:
        assert camera["decoded"] == camera["analyzed"] + camera["skipped"] + camera["drops"]["sampled"]
        assert set(camera["drops"]) == {"sampled"}
    assert report["sinks"][0]["accepted"] == report["sinks"][0]["delivered"] == sum(report["events"].values())

    listed = viapublica_here("events", "--config", city, "--json", "--limit", "1000")
    events = [json.loads(line) for line in listed.stdout.splitlines()[:-1]]
    assert len(events) == sum(report["events"].values())
    cars = [e for e in events if e["kind"] == "track" and e["camera_id"] == "cars" and e["label"] == "car"]
    assert 20 <= len(cars) <= 40, "about thirty cars drive through the clip"
    assert not [e for e in events if e["kind"] == "plate_read" and e["camera_id"] == "people"]
    cameras = [
        json.loads(line)
        for line in viapublica_here("cameras", "--data", tmp_path / "data", "--json").stdout.splitlines()[:-1]
    ]
    assert {camera["camera_id"] for camera in cameras} == {"cars", "people"}
    nothing = viapublica_here("plates", "ZZZ9Z99", "--config", city, "--from", "1d")
    assert nothing.returncode == 4
    assert "nothing found, but the answer may be incomplete" in nothing.stderr


def test_a_failed_camera_is_reported_and_the_others_continue(tmp_path: Path, data_dir: Path, models_dir: Path) -> None:
    (tmp_path / "words.mp4").write_text("this is no video\n" * 100)
    city = config(
        tmp_path,
        f"  - {{id: good, source: {data_dir}/clips/egoblur-parking-plates.mp4, scope: public-road, analyze_fps: 1}}\n"
        "  - {id: words, source: words.mp4, scope: public-road}\n"
        "  - {id: gone, source: gone.mp4, scope: public-road}\n",
    )
    result = viapublica("run", city, "--json", "--strict", models=models_dir)
    assert result.returncode == 2
    report = json.loads(result.stdout.splitlines()[-1])
    cameras = {camera["camera"]: camera for camera in report["cameras"]}
    assert cameras["good"]["analyzed"] == 3
    assert cameras["good"]["error"] == ""
    assert "words.mp4" in cameras["words"]["error"]
    assert cameras["words"]["state"] == cameras["gone"]["state"] == "failed"
    assert "gone.mp4" in cameras["gone"]["error"]
    health = viapublica_here("events", "--config", city, "--kind", "health", "--json").stdout.splitlines()[:-1]
    states = {(event["camera_id"], event["state"]) for event in map(json.loads, health)}
    assert states == {("words", "failed"), ("gone", "failed"), ("good", "streaming"), ("good", "ended")}


def test_a_missing_broker_and_database_lose_nothing(tmp_path: Path, data_dir: Path, models_dir: Path) -> None:
    video = data_dir / "clips" / "egoblur-parking-plates.mp4"
    city = config(
        tmp_path,
        f"  - {{id: cars, source: {video}, scope: public-road, analyze_fps: 5}}\n",
        "sinks:\n"
        "  - {type: chdb, name: store}\n"
        "  - {type: kafka, name: bus, brokers: ['127.0.0.1:1'], close_timeout_s: 1, timeout_s: 1}\n"
        "  - {type: clickhouse, name: server, host: 127.0.0.1, port: 1, close_timeout_s: 1}\n"
        "engine: {shutdown_timeout_s: 2}\n",
    )
    result = viapublica("run", city, "--json", models=models_dir)
    assert result.returncode == 0, result.stderr
    sinks = {sink["sink"]: sink for sink in json.loads(result.stdout.splitlines()[-1])["sinks"]}
    accepted = sinks["store"]["accepted"]
    assert accepted > 0
    for name in ("bus", "server"):
        assert "127.0.0.1:1" in sinks[name]["error"]
        assert sinks[name]["pending"] == accepted
        kept = viapublica_here("spool", "cat", name, "--config", city).stdout.splitlines()
        assert len(kept) == accepted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_in_good_order(tmp_path: Path, data_dir: Path, models_dir: Path, number: signal.Signals) -> None:
    city = config(
        tmp_path, f"  - {{id: cars, source: {data_dir}/clips/car-detection.mp4, scope: public-road, analyze_fps: 5}}\n"
    )
    log = tmp_path / "log"
    with log.open("w") as stderr:
        run = _start(city, models_dir, stderr)
        _wait_for('"streaming"', log)
        time.sleep(0.5)
        run.send_signal(number)
        out, _ = run.communicate(timeout=60)
    assert run.returncode == 0, log.read_text()
    report = json.loads(out.splitlines()[-1])
    assert 0 < report["cameras"][0]["decoded"] < 377
    (sink,) = report["sinks"]
    assert sink["accepted"] == sink["delivered"] == sum(report["events"].values())


def test_a_missing_model_prevents_the_start(tmp_path: Path, data_dir: Path) -> None:
    city = config(
        tmp_path,
        f"  - {{id: a, source: {data_dir}/clips/car-detection.mp4, scope: public-road}}\n",
        "sinks: [{type: chdb}]\ndetect: {model: yolox_nano_416}\n",
    )
    result = viapublica("run", city, models=tmp_path)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-2].startswith("error:") or "error:" in result.stderr
    assert "VIAPUBLICA_MODELS" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_signal_leaves_the_events_of_a_dead_sink_on_disk(
    tmp_path: Path, data_dir: Path, models_dir: Path
) -> None:
    city = config(
        tmp_path,
        f"  - {{id: cars, source: {data_dir}/clips/egoblur-parking-plates.mp4, scope: public-road, analyze_fps: 5}}\n",
        "sinks:\n"
        "  - {type: kafka, name: bus, brokers: ['127.0.0.1:1'], close_timeout_s: 600, timeout_s: 1}\n"
        "engine: {shutdown_timeout_s: 600}\n",
    )
    log = tmp_path / "log"
    with log.open("w") as stderr:
        run = _start(city, models_dir, stderr)
        wait_until(lambda: any(tmp_path.rglob("spool/bus/*.seg")))
        time.sleep(2)  # the end of the video is analyzed
        run.send_signal(signal.SIGTERM)
        time.sleep(2)
        if "finishing" in log.read_text():  # else the first signal came late and stopped delivery already
            run.send_signal(signal.SIGTERM)
        out, _ = run.communicate(timeout=60)
    assert run.returncode == 0, log.read_text()
    (sink,) = json.loads(out.splitlines()[-1])["sinks"]
    kept = viapublica_here("spool", "cat", "bus", "--config", city, "--pending").stdout.splitlines()
    assert len(kept) == sink["accepted"] == sink["pending"] > 0


def test_a_data_folder_that_cannot_be_created_is_an_error(tmp_path: Path, data_dir: Path, models_dir: Path) -> None:
    (tmp_path / "file").touch()
    city = config(
        tmp_path,
        f"  - {{id: cars, source: {data_dir}/clips/car-detection.mp4, scope: public-road}}\n",
        "data_dir: file/below\n",
    )
    result = viapublica("run", city, models=models_dir)
    assert result.returncode == 1
    assert "data_dir" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_video_track_is_named_at_the_end_of_a_run(tmp_path: Path, models_dir: Path) -> None:
    two_tracks(tmp_path / "two.mp4")
    city = config(tmp_path, f"  - {{id: yard, source: {tmp_path / 'two.mp4'}, scope: public-square}}\n")
    result = viapublica("run", "-q", city, models=models_dir)
    assert result.returncode == 0, result.stderr
    assert "not analyzed yard: video track 2 (320×240); choose a track with cameras[].track" in " ".join(
        result.stdout.split()
    )


def test_a_camera_that_never_answered_is_a_problem_in_the_summary(tmp_path: Path, models_dir: Path) -> None:
    city = config(tmp_path, "  - {id: silent, source: rtsp://127.0.0.1:1/x, scope: public-square}\n")
    log = tmp_path / "log"
    with log.open("w") as stderr:
        run = _start(city, models_dir, stderr, "--strict")
        _wait_for("backing-off", log)
        run.send_signal(signal.SIGTERM)
        out, _ = run.communicate(timeout=60)
    assert run.returncode == 2
    (camera,) = json.loads(out.splitlines()[-1])["cameras"]
    assert "before its first image" in camera["detail"]
    assert "refused" in camera["detail"]
