"""Files are replaced as a whole or not at all, also by a kill or on a full disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.storage.atomic import (
    PARTIAL,
    atomic_file,
    create_file,
    remove_partial_files,
    rewrite_file,
    unique_partial,
    write_atomically,
)

ROOT = Path(__file__).parents[2]


def others(folder: Path, *expected: str) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in expected)


@pytest.mark.parametrize("sync", [True, False])
def test_a_file_is_written_and_replaced_for_this_user_only(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "state"
    for content in (b"one", b"two"):
        write_atomically(path, content, sync=sync)
        assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600
    assert not others(tmp_path, "state")


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with atomic_file(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert not others(tmp_path, "state")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.storage.atomic import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_atomically(Path(sys.argv[1]), bytes(5000))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "File too large" in done.stderr
    assert path.read_bytes() == b"old"
    assert not others(tmp_path, "state")


def test_a_kill_leaves_the_old_file_and_a_partial_one_that_the_owner_removes(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.storage.atomic import atomic_file\n"
        "with atomic_file(Path(sys.argv[1])) as file:\n"
        "    file.write(bytes(5000))\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False)
    assert path.read_bytes() == b"old"
    assert others(tmp_path, "state") == [f"state{PARTIAL}"]
    remove_partial_files(tmp_path)
    assert not others(tmp_path, "state")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_link_in_place_of_the_partial_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    (tmp_path / f"state{PARTIAL}").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "state", b"new")
    assert victim.read_bytes() == b"theirs"


def test_two_writers_with_unique_partial_files_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with (
        atomic_file(path, "w", permissions=0o666, partial=unique_partial(path), encoding="utf-8") as one,
        atomic_file(path, "w", permissions=0o666, partial=unique_partial(path), encoding="utf-8") as two,
    ):
        one.write("a" * 10_000)
        two.write("b" * 10_000)
    assert set(path.read_text()) == {"a"}
    assert not others(tmp_path, "out.csv")


def test_a_rewritten_file_has_its_permissions_and_times(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\nc\n")
    path.chmod(0o640)
    os.utime(path, ns=(1_000_000_000, 2_000_000_000))

    def without_b() -> Iterator[bytes]:
        with path.open("rb") as file:
            yield from (line for line in file if line != b"b\n")

    rewrite_file(path, without_b())
    status = path.stat()
    assert path.read_bytes() == b"a\nc\n"
    assert (status.st_mode & 0o777, status.st_mtime_ns) == (0o640, 2_000_000_000)


def test_a_created_file_replaces_nothing(tmp_path: Path) -> None:
    create_file(tmp_path / "new", b"1")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "new", b"2")
    assert (tmp_path / "new").read_bytes() == b"1"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
