"""Output files have no name until they are complete, and folders that strangers can write to are refused."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pipeline.errors import ReleaseError
from pipeline.storage.output_file import check_release_folder, opened_folder, partial_file
from pipeline.storage.unnamed_file import STAGED, UnnamedFile

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for files of another user")


@pytest.fixture(params=["O_TMPFILE", "without O_TMPFILE"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems with and without unnamed temporary files, such as NFS."""
    if request.param == "O_TMPFILE":
        return
    opened = os.open

    def without(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return opened(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", without)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user reaches, other than those of pytest."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.usefixtures("file_system")
def test_a_file_has_no_name_until_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "release.mp4"
    with partial_file(target) as partial:
        partial.write_bytes(b"whole")
        assert list(tmp_path.iterdir()) == [], "no name that another program could open"
        assert partial.stat().st_mode & 0o777 == 0o600
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]
    assert target.stat().st_mode & 0o777 == 0o666 & ~_umask()


@pytest.mark.parametrize("file_system", ["without O_TMPFILE"], indirect=True)
@pytest.mark.usefixtures("file_system")
def test_without_unnamed_files_the_name_of_an_instant_is_in_a_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created: list[tuple[int, int]] = []
    opened = os.open

    def seen(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        descriptor = opened(path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT:
            assert dir_fd is not None
            created.append((os.fstat(dir_fd).st_mode & 0o777, os.fstat(descriptor).st_mode & 0o777))
        return descriptor

    monkeypatch.setattr(os, "open", seen)
    with opened_folder(tmp_path) as folder, UnnamedFile(folder):
        assert created == [(0o700, 0o600)]
        assert list(tmp_path.iterdir()) == []
    with opened_folder(tmp_path) as folder:
        made = os.mkdir
        monkeypatch.setattr(os, "mkdir", lambda path, _, dir_fd: made(path, 0o755, dir_fd=dir_fd))
        with pytest.raises(PermissionError, match="lets other users into a private folder"):
            UnnamedFile(folder)
    assert (len(created), list(tmp_path.iterdir())) == (1, []), "no file was made there"


@pytest.mark.usefixtures("file_system")
def test_an_interrupted_file_never_existed_and_the_old_one_stands(tmp_path: Path) -> None:
    target = tmp_path / "release.mp4"
    target.write_bytes(b"old")

    def interrupted() -> None:
        with partial_file(target) as partial:
            partial.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with partial_file(target, publish=False):
        pass
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.usefixtures("file_system")
def test_two_writers_of_one_file_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "release.mp4"
    with partial_file(target) as first:
        first.write_bytes(b"first")
        with partial_file(target) as second:
            second.write_bytes(b"second, and longer")
        assert target.read_bytes() == b"second, and longer"
    assert target.read_bytes() == b"first"


def test_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pipeline.storage.output_file import partial_file\n"
        "with partial_file(Path(sys.argv[1])) as partial:\n"
        "    partial.write_bytes(b'x' * 1000)\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    target = tmp_path / "release.mp4"
    with subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    assert list(tmp_path.iterdir()) == []


def test_a_complete_file_that_a_kill_left_without_its_name_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{STAGED}0123").write_bytes(b"masked, but not published")
    with partial_file(tmp_path / "release.mp4") as partial:
        partial.write_bytes(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["release.mp4"]


@as_root
@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_another_user_cannot_open_an_unfinished_file(mode: int, shared: Path) -> None:
    shared.chmod(mode)
    program = (
        "import os, sys\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "found = os.listdir(sys.argv[1])\n"
        "try: os.open(sys.argv[2], os.O_RDWR); print('opened')\n"
        "except OSError as error: print(found, error.errno)\n"
    )
    with partial_file(shared / "release.mp4") as partial:
        partial.write_bytes(b"verified")
        ours = f"/proc/{os.getpid()}/fd/{partial.name}"
        done = subprocess.run([sys.executable, "-I", "-c", program, str(shared), ours], capture_output=True, check=True)
    assert done.stdout.decode().strip() == f"[] {errno.EACCES}"


@as_root
def test_folders_in_which_strangers_can_exchange_files_are_refused(tmp_path: Path) -> None:
    for owner, mode, problem in (
        (0, 0o755, ""),
        (0, 0o775, ""),
        (0, 0o1777, ""),
        (0, 0o777, "writable by every user"),
        (0, 0o757, "writable by every user"),
        (65534, 0o755, "belongs to user 65534"),
    ):
        folder = tmp_path / f"{owner}-{mode:o}"
        folder.mkdir()
        folder.chmod(mode)
        os.chown(folder, owner, owner)
        with opened_folder(folder) as descriptor:
            if not problem:
                check_release_folder(folder, descriptor)
                continue
            with pytest.raises(ReleaseError, match=problem):
                check_release_folder(folder, descriptor)


def test_what_is_published_stays_in_the_folder_that_was_opened(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "releases", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    with partial_file(folder / "release.mp4") as partial:
        partial.write_bytes(b"whole")
        folder.rename(tmp_path / "moved")
        folder.symlink_to(elsewhere)
    assert (tmp_path / "moved" / "release.mp4").read_bytes() == b"whole"
    assert list(elsewhere.iterdir()) == []


def test_a_copy_has_the_digest_of_the_bytes_that_were_copied(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 10_000)
    with opened_folder(tmp_path) as folder, UnnamedFile(folder) as copy, (tmp_path / "a").open("rb") as source:
        source.seek(100)
        assert copy.copy_from(source.fileno()) == copy.sha256()
        assert source.tell() == 100
        assert copy.path.read_bytes() == (tmp_path / "a").read_bytes()
        assert copy.size == 2_560_000


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
