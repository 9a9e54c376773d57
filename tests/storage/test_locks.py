"""A lock has one holder, and ends with its process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipeline.storage.locks import OwnerLock, locked

ROOT = Path(__file__).parents[2]


def test_one_owner_at_a_time_and_the_file_names_its_process(tmp_path: Path) -> None:
    one, two = OwnerLock(tmp_path / "lock"), OwnerLock(tmp_path / "lock")
    assert one.owner_pid() is None
    assert one.acquire()
    assert not two.acquire()
    assert two.owner_pid() == os.getpid()
    one.release()
    one.release()
    assert two.acquire()
    two.release()


def test_a_killed_owner_leaves_the_lock_free(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.storage.locks import OwnerLock\n"
        "assert OwnerLock(Path(sys.argv[1])).acquire()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "lock")], cwd=ROOT, check=False)
    lock = OwnerLock(tmp_path / "lock")
    assert lock.owner_pid() not in {None, os.getpid()}
    assert lock.acquire()
    lock.release()


def test_a_block_holds_the_lock_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path) as held:
        assert held
        with locked(path, wait=False) as again:
            assert not again
    with locked(path, wait=False) as held:
        assert held
