"""Processor time of a process and of those below it, whether they still run or not."""

from __future__ import annotations

import subprocess
import sys

from pipeline.observe.process_tree import process_tree, processor_seconds

_BUSY = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"


def _seconds() -> float:
    return sum(map(processor_seconds, process_tree()))


def test_time_of_processes_below_counts_while_they_run_and_after_they_ended() -> None:
    before = _seconds()
    with subprocess.Popen([sys.executable, "-c", _BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert str(child.pid) in {process.name for process in process_tree()}
        running = _seconds() - before
        child.communicate(b"\n")
    assert running >= 0.28
    assert _seconds() - before >= running
    assert str(child.pid) not in {process.name for process in process_tree()}
