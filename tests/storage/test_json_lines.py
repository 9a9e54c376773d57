"""Lines are appended as a whole or not at all; what a crash left of one is removed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.storage.json_lines import append_line

ROOT = Path(__file__).parents[2]


def test_lines_are_appended_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for number in range(3):
        append_line(path, json.dumps({"n": number}).encode())
    assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [0, 1, 2]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", [b'{"n": 1', b"\0" * 5000, b"x" * 200_000])
def test_an_incomplete_last_line_is_removed(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"n": 0}\n' + torn)
    append_line(path, b'{"n": 2}')
    assert path.read_bytes() == b'{"n": 0}\n{"n": 2}\n'


def test_a_complete_last_line_without_its_end_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"n": 0}\n{"n": 1}')
    append_line(path, b'{"n": 2}')
    assert path.read_bytes() == b'{"n": 0}\n{"n": 1}\n{"n": 2}\n'


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    append_line(path, b'{"n": 0}')
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.storage.json_lines import append_line\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "append_line(Path(sys.argv[1]), b'x' * 5000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "File too large" in done.stderr
    assert path.read_bytes() == b'{"n": 0}\n'
