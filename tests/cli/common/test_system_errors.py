"""A machine that lacks something is an error in words with an exit status, never a traceback."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.decode.clips import Recipe, encode

CONFIG = """
version: 1
institution: test
data_dir: {data}
cameras:
  - {{id: a, name: a, source: a.mp4, scope: public-road, start_time: "2026-11-02T08:00:00-03:00"}}
sinks: [{{type: chdb}}]
"""
STREET = Path(__file__).parents[3] / "models" / "known-answers" / "street.jpg"
"""An image in which something is found, so that there is output."""
COMMAND = shlex.join([sys.executable, "-m", "pipeline.cli"])
CASES = {
    "little memory for a run": ("ulimit -v 1900000; {} run c.yaml", 1, "needs about 3.1 GB of memory"),
    "little memory for the store": (
        "{0} run c.yaml --quiet > /dev/null 2>&1; ulimit -v 1900000; {0} events --config c.yaml",
        1,
        "needs about 3.0 GB of memory",
    ),
    "little memory for a network": ("ulimit -v 700000; {} detect a.mp4", 1, "this process may take 0.7 GB"),
    "too little for a library": ("ulimit -v 300000; {} detect a.mp4", 1, "this process may take 0.3 GB"),
    "few open files": ("ulimit -n 64; {} run c.yaml", 1, "needs about 168 open files"),
    "a soft limit that may be raised": ("ulimit -Sn 64; {} config check c.yaml", 0, ""),
    "a full disk behind the output": ("{} detect s.jpg --json > /dev/full", 1, "there is no space left on its disk"),
    "a full disk behind the help": ("{} --help > /dev/full", 1, "there is no space left on its disk"),
    "closed output": ("{} detect s.jpg --json >&-", 1, "it is closed"),
    "closed output of a query": ("{} config check c.yaml >&-", 1, "it is closed"),
    "closed messages": ("{} detect missing.mp4 2>&-", 1, ""),
    "closed messages of work that is done": ("{} detect a.mp4 --json 2>&-", 0, ""),
    "closed input": ("{} config check c.yaml <&-", 0, ""),
    "a reader that left": ("{} config explain | sleep 0.1; exit ${{PIPESTATUS[0]}}", 1, ""),
    "a home that cannot be written": ("HOME=/proc/none XDG_CACHE_HOME= {} detect a.mp4", 0, ""),
    "no folder for temporary files": ("TMPDIR=/proc/none {} detect a.mp4", 0, ""),
    "an unknown locale": ("LC_ALL=xx_YY.UTF-8 {} config check c.yaml", 0, ""),
    "no UTF-8": ("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {} config check c.yaml", 0, ""),
    "a data folder that cannot be made": ("{} run unwritable.yaml", 1, "cannot be created"),
    "a working folder that was deleted": ("mkdir b; cd b; rmdir ../b; {} detect ./a.mp4", 1, "does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_lack_is_named(case: str, tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", Recipe(frames=2))
    shutil.copy(STREET, tmp_path / "s.jpg")
    (tmp_path / "c.yaml").write_text(CONFIG.format(data="data"))
    (tmp_path / "unwritable.yaml").write_text(CONFIG.format(data="/proc/data"))
    command, status, words = CASES[case]
    ended = subprocess.run(
        ["bash", "-c", command.format(COMMAND)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    messages = ended.stderr.decode()
    assert ended.returncode == status, messages
    assert "Traceback" not in messages + ended.stdout.decode()
    assert words in messages
    assert not words or "fix:" in messages
