"""SIGHUP reloads the configuration of a running `viapublica run`."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers.rtsp import RtspServer, encode_loop, why_no_server

pytestmark = pytest.mark.real


def _write(path: Path, *cameras: str, more: str = "") -> None:
    path.write_text(f"cameras:\n{''.join(cameras)}sinks: [{{type: jsonl, name: lines, path: events.jsonl}}]\n{more}")


def _camera(name: str, url: str) -> str:
    return f"  - {{id: {name}, source: '{url}', scope: public-square, analyze_fps: 1}}\n"


def _wait_for(text: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while text not in log.read_text():
        assert time.monotonic() < deadline, f"never {text!r}: {log.read_text()}"
        time.sleep(0.1)


def test_sighup_applies_a_changed_configuration_and_reports_it(tmp_path: Path, models_dir: Path) -> None:
    if reason := why_no_server():
        pytest.skip(reason)
    city, log = tmp_path / "city.yaml", tmp_path / "log"
    loop = encode_loop(tmp_path / "loop.h264", seconds=2, fps=5, size=(320, 180))
    with RtspServer(loop, mounts=2, fps=5) as server, log.open("w") as stderr:
        first, second = _camera("first", server.url(0)), _camera("second", server.url(1))
        _write(city, first)
        run = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "run", str(city), "--json"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, "VIAPUBLICA_MODELS": str(models_dir)},
        )
        _wait_for('"streaming"', log)

        _write(city, first, second, more="detect: {confidence: 0.5}\n")
        run.send_signal(signal.SIGHUP)
        _wait_for("takes effect at the next start only: detect.confidence", log)
        assert "configuration reloaded, added: second" in log.read_text()

        _write(city, "  - {id: third}\n")
        run.send_signal(signal.SIGHUP)
        _wait_for("configuration not reloaded, nothing was changed", log)

        _write(city, second)
        run.send_signal(signal.SIGHUP)
        _wait_for("configuration reloaded, removed: first", log)
        run.send_signal(signal.SIGTERM)
        out, _ = run.communicate(timeout=60)
    assert run.returncode == 0, log.read_text()
    report = json.loads(out.splitlines()[-1])
    assert [camera["camera"] for camera in report["cameras"]] == ["second"]
    assert [camera["camera"] for camera in report["removed"]] == ["first"]
    assert "Traceback" not in log.read_text()


def test_closing_the_terminal_ends_the_run_in_good_order(tmp_path: Path, models_dir: Path) -> None:
    city = tmp_path / "city.yaml"
    _write(city, _camera("silent", "rtsp://127.0.0.1:1/x"))
    master, slave = pty.openpty()
    with (tmp_path / "out").open("w") as stdout:
        run = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, "-m", "pipeline.cli", "run", str(city), "--json", "--quiet"],
            stdin=slave,
            stdout=stdout,
            stderr=slave,
            env={**os.environ, "VIAPUBLICA_MODELS": str(models_dir)},
        )
        os.close(slave)
        seen = b""
        while b"backing-off" not in seen:
            seen += os.read(master, 4096)
        os.close(master)
        assert run.wait(60) == 0
    assert json.loads((tmp_path / "out").read_text().splitlines()[-1])["cameras"][0]["camera"] == "silent"
