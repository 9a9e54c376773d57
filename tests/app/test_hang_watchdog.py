"""A process that hangs with the interpreter in its hand ends by itself, in words, and the next start says so."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from pipeline.app.hang_watchdog import ended_when_hanging
from tests.project.places import ROOT

HANGING = """
import signal, sys
from pathlib import Path
from pipeline.app.hang_watchdog import ended_when_hanging
signal.signal(signal.SIGALRM, lambda *_: sys.exit(7))
with ended_when_hanging(Path(sys.argv[1]), 1.0):
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    sum(range(10**13))  # keeps the interpreter lock, as a hanging library does
"""


def test_it_ends_although_no_signal_is_answered(tmp_path: Path) -> None:
    hanging = subprocess.run([sys.executable, "-c", HANGING, str(tmp_path)], cwd=ROOT, timeout=60, check=False)
    assert hanging.returncode == 1
    text = (tmp_path / "run" / "hang.txt").read_text()
    assert text.startswith("viapublica ran no Python code for 1 seconds, because a library did not return")
    assert "line 8 in <module>" in text
    structlog.reset_defaults()
    with capture_logs() as logs, ended_when_hanging(tmp_path):
        pass
    assert [entry["event"] for entry in logs] == ["last_run_hung"]
    assert (tmp_path / "run" / "hang.last.txt").read_text() == text


def test_a_process_that_works_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end is put off again and again, also while its own code is busy, and is called off."""
    ends: list[float] = []
    called_off: list[bool] = []
    monkeypatch.setattr("faulthandler.dump_traceback_later", lambda limit_s, **_: ends.append(limit_s))
    monkeypatch.setattr("faulthandler.cancel_dump_traceback_later", lambda: called_off.append(True))
    until_s = time.monotonic() + 60
    with capture_logs() as logs, ended_when_hanging(tmp_path, 0.5):
        while len(ends) < 15:
            assert time.monotonic() < until_s, ends
    assert (set(ends), called_off) == ({0.5}, [True])
    assert logs == []
    assert not (tmp_path / "run" / "hang.txt").exists()
