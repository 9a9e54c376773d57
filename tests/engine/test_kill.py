"""`kill -9` in the middle of a run loses nothing a sink acknowledged, and a second run adds no row."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.domain.events import decode
from tests.cli.commands import viapublica_here

CONFIG = """\
version: 1
data_dir: data
cameras:
  - {{id: road, source: "{clips}/highway-motorbike.mp4", scope: public-road, analyze_fps: 3}}
  - {{id: yard, source: "{clips}/person-bicycle-car-detection.mp4", scope: public-road, analyze_fps: 2}}
sinks:
  - {{type: chdb, name: store, batch_interval_s: 0.2}}
  - {{type: jsonl, name: lines, path: events.jsonl, batch_interval_s: 0.2}}
detect: {{model: yolox_nano_416}}
retention: {{plate_reads: null, tracks: null, counts: null, alerts: null, health: null}}
"""


def viapublica(*arguments: str, models: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "VIAPUBLICA_MODELS": str(models)},
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


def rows_of(config: Path, models: Path) -> list[str]:
    asked = viapublica_here("events", "--config", config, "--limit", "100000", "--json", models=models)
    assert asked.returncode in {0, 3, 4}, asked.stderr  # 3 and 4: nothing is stored yet
    return [json.dumps(json.loads(line), sort_keys=True) for line in asked.stdout.splitlines()[:-1]]


def write_config(folder: Path, data_dir: Path) -> Path:
    folder.mkdir()
    config = folder / "two.yaml"
    config.write_text(CONFIG.format(clips=data_dir / "clips"))
    return config


@pytest.mark.real
def test_kill_9_loses_no_acknowledged_event_and_a_second_run_adds_no_row(
    tmp_path: Path, data_dir: Path, models_dir: Path
) -> None:
    killed = write_config(tmp_path / "killed", data_dir)
    lines = tmp_path / "killed" / "data" / "events.jsonl"
    run = viapublica("run", str(killed), "--quiet", models=models_dir)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not lines.exists() or lines.read_text().count("\n") < 4):
        assert run.poll() is None, run.communicate()[1]
        time.sleep(0.05)
    acknowledged_by_store = rows_of(killed, models_dir)
    while not acknowledged_by_store and time.monotonic() < deadline:  # the store may be slower than the file
        acknowledged_by_store = rows_of(killed, models_dir)
    acknowledged_in_lines = [line for line in lines.read_text().splitlines(keepends=True) if line.endswith("\n")]
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert acknowledged_by_store
    assert len(acknowledged_in_lines) >= 4

    after_kill = rows_of(killed, models_dir)
    assert set(acknowledged_by_store) <= set(after_kill)
    assert lines.read_text().startswith("".join(acknowledged_in_lines))

    finish(viapublica("run", str(killed), "--quiet", models=models_dir))
    undisturbed = write_config(tmp_path / "undisturbed", data_dir)
    finish(viapublica("run", str(undisturbed), "--quiet", models=models_dir))
    twice, once = rows_of(killed, models_dir), rows_of(undisturbed, models_dir)
    ids = [json.loads(row)["event_id"] for row in twice]
    assert len(ids) == len(set(ids)), "a second run added rows"
    assert sorted(twice) == sorted(once)
    for line in acknowledged_in_lines:
        assert str(decode(line).event_id) in ids
