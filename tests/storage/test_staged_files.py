"""Files that belong together appear together, whenever the process is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.storage.output_file import opened_folder
from pipeline.storage.staged_files import finish_staged, publish_together
from pipeline.storage.unnamed_file import UnnamedFile

PROGRAM = """
import os, signal, sys
from pathlib import Path
from pipeline.storage.output_file import opened_folder
from pipeline.storage.staged_files import publish_together
from pipeline.storage.unnamed_file import UnnamedFile

place, call, nth = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real, calls = getattr(os, call), 0

def killed(*args, **options):
    global calls
    calls += 1
    if calls == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)

def commit():
    (place / "committed").touch()

with opened_folder(place / "out") as folder, UnnamedFile(folder) as clip, UnnamedFile(folder) as report:
    clip.path.write_bytes(b"clip")
    report.path.write_bytes(b"report")
    setattr(os, call, killed)
    publish_together("2026-000007", {"7.mp4": clip, "7.html": report}, folder, commit)
print("done")
"""


def put(folder: Path, content: bytes, **options: object) -> None:
    with opened_folder(folder) as place, UnnamedFile(place) as clip, UnnamedFile(place) as report:
        clip.path.write_bytes(content)
        report.path.write_bytes(content)
        publish_together("7", {"7.mp4": clip, "7.html": report}, place, options.get("commit", int))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "nth"),
    [("mkdir", 1), ("link", 1), ("link", 2), ("fsync", 3), ("fsync", 4), ("rename", 1), ("rename", 2), ("rmdir", 1)],
)
def test_a_kill_at_any_moment_leaves_both_files_or_none(call: str, nth: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), call, str(nth)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    committed = (tmp_path / "committed").exists()

    def is_committed(group: str, files: Mapping[str, Path]) -> bool:
        assert group == "2026-000007"
        assert all(path.read_bytes() in (b"clip", b"report") for path in files.values())
        return committed

    with opened_folder(out) as folder:
        done = finish_staged(folder, is_committed)
    assert set(done) <= {"2026-000007"}
    names = sorted(path.name for path in out.iterdir())
    assert names == (["7.html", "7.mp4"] if committed else [])
    assert all(path.stat().st_mode & 0o400 for path in out.iterdir())


def test_an_error_of_the_commit_leaves_the_old_files(tmp_path: Path) -> None:
    put(tmp_path, b"old")

    def refuse() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        put(tmp_path, b"new", commit=refuse)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"7.mp4": b"old", "7.html": b"old"}
    put(tmp_path, b"new")
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"new"}


def test_a_folder_in_the_place_of_a_file_is_found_before_the_commit(tmp_path: Path) -> None:
    (tmp_path / "7.html").mkdir()
    with pytest.raises(IsADirectoryError):
        put(tmp_path, b"new", commit=pytest.fail)
    assert [path.name for path in tmp_path.iterdir()] == ["7.html"]


def test_files_whose_state_is_not_known_stay(tmp_path: Path) -> None:
    private = tmp_path / ".viapublica-together-9"
    private.mkdir(0o700)
    (private / "9.mp4").write_bytes(b"clip")
    with opened_folder(tmp_path) as folder:
        assert finish_staged(folder, lambda _group, _files: None) == {}
        assert (private / "9.mp4").exists()
        assert finish_staged(folder, lambda _group, _files: False) == {"9": False}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for files of another user")
def test_staged_files_of_another_user_are_not_published(tmp_path: Path) -> None:
    foreign, open_to_all, real = (tmp_path / f".viapublica-together-{name}" for name in ("1", "2", "3"))
    for path in (foreign, open_to_all):
        path.mkdir(0o700)
        (path / "forged.mp4").write_bytes(b"forged")
    os.chown(foreign, 65534, 65534)
    open_to_all.chmod(0o777)
    real.symlink_to(foreign)
    with opened_folder(tmp_path) as folder:
        assert finish_staged(folder, lambda _group, _files: True) == {}
    assert not (tmp_path / "forged.mp4").exists()
