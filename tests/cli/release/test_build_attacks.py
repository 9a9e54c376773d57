"""Attacks on `viapublica release build` by its own builder and by strangers in a shared folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.anonymize.signing_certificate import create_signing_identity
from pipeline.app.anonymize.progress import Silent, Stage
from pipeline.app.anonymize.provenance_statement import provenance_statement
from pipeline.app.output_files import sha256_of
from pipeline.app.release.build_release import BuildRequest, BuiltRelease, build_release
from pipeline.app.release.register_service import enter_request, file_content, open_register
from pipeline.domain.disclosure import LegalBasis, Request
from pipeline.errors import PolicyError, ReleaseError

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def videos(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two videos of the same size, rate and length: a street, and its negative."""
    folder = tmp_path_factory.mktemp("videos")
    source = str(data_dir / "clips" / "people-walking.mp4")
    for name, effect in (("a.mp4", "null"), ("b.mp4", "negate")):
        how = ["-vf", f"scale=640:360,fps=10,{effect}", "-frames:v", "3", "-an", "-c:v", "libx264", "-bf", "0"]
        subprocess.run(["ffmpeg", "-v", "error", "-i", source, *how, str(folder / name)], check=True)
    return folder / "a.mp4", folder / "b.mp4"


@pytest.fixture
def request_of(videos: tuple[Path, Path], tmp_path: Path) -> BuildRequest:
    """The build of an approved disclosure of the first video."""
    source = shutil.copyfile(videos[0], tmp_path / "street.mp4")
    declaration = tmp_path / "signed.pdf"
    declaration.write_text("declaro")
    certificate, key, _ = create_signing_identity("SSP-MT", tmp_path / "id")
    wanted = Request("Ana", "UFMT", LegalBasis.RESEARCH, "fluxos", file_content(source))
    register = str(tmp_path / "register.db")
    entered = enter_request(register, wanted, zone=None, declaration=declaration, config=None)
    with open_register(register) as entries:
        number = entries.approve(entered.disclosure.number, "Bia").number
    return BuildRequest(number, "Ana", source, None, tmp_path / "releases", certificate, key)


class Attack(Silent):
    """Runs an action at the first frame of a stage."""

    def __init__(self, **actions: Callable[[], None]) -> None:
        self._actions = actions
        self.warnings: list[str] = []
        self.passed: list[str] = []

    def advance(self, stage: Stage, frames: int) -> None:
        del frames
        if action := self._actions.pop(stage.name, None):
            self.passed.append(stage.name)
            action()

    def warn(self, subject: str, message: str) -> None:
        self.warnings.append(f"{subject}: {message}")


def build(request: BuildRequest, progress: Silent) -> BuiltRelease:
    with open_register(str(request.folder.parent / "register.db")) as register:
        return build_release(request, register, progress)


def write_over(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def images(video: Path) -> list[np.ndarray]:
    with av.open(str(video)) as container:
        return [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]


def test_a_source_that_is_exchanged_is_not_released_and_an_unfinished_clip_has_no_name(
    request_of: BuildRequest, videos: tuple[Path, Path]
) -> None:
    """By another name and in place: the bytes whose digest was compared are those that are read, in each pass."""
    source = request_of.source
    assert source is not None
    found: set[str] = set()

    def search() -> None:
        found.update(str(path) for path in request_of.folder.rglob("*"))

    def put(video: Path) -> None:
        search()
        other = source.with_suffix(".tmp")
        shutil.copyfile(video, other)
        other.replace(source)

    def put_in_place(video: Path) -> None:
        search()
        write_over(source, video)

    swap = Attack(
        DETECT=lambda: put(videos[1]),
        RENDER=lambda: put_in_place(videos[1]),
        VERIFY=lambda: put(videos[0]),
        ATTACK=search,
    )
    built = build(request_of, swap)
    assert swap.passed == ["DETECT", "RENDER", "VERIFY", "ATTACK"]
    assert found == set()
    assert sorted(path.name for path in request_of.folder.iterdir()) == ["2026-000001.html", "2026-000001.mp4"]
    for released, first, second in zip(*map(images, (built.clip, *videos)), strict=True):
        close_to_first, close_to_second = (np.mean(np.abs(released - other) < 8) for other in (first, second))
        assert close_to_first > 0.3, "all that is not masked"
        assert close_to_second < 0.1


def test_a_video_that_replaces_the_verified_one_is_not_signed(
    request_of: BuildRequest, videos: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program with the rights of this process could, in the moment between verification and signature."""

    def overwrite(*values: object, **options: object) -> object:
        for link in Path("/proc/self/fd").iterdir():
            target = str(link.readlink()) if link.is_symlink() else ""
            if target.startswith(str(tmp_path / "releases")) and "deleted" in target and link.stat().st_size:
                link.write_bytes(videos[1].read_bytes())
        return provenance_statement(*values, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("pipeline.app.anonymize.redaction_job.provenance_statement", overwrite)
    with pytest.raises(ReleaseError, match="changed after it was verified"):
        build(request_of, Silent())
    assert list((tmp_path / "releases").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for files of another user")
def test_a_folder_that_strangers_may_write_to_is_refused(request_of: BuildRequest) -> None:
    request_of.folder.mkdir()
    request_of.folder.chmod(0o777)
    with pytest.raises(ReleaseError, match="writable by every user"):
        build(request_of, Silent())
    request_of.folder.chmod(0o755)
    os.chown(request_of.folder, 65534, 65534)
    with pytest.raises(ReleaseError, match="belongs to user 65534"):
        build(request_of, Silent())


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.app.anonymize.progress import Silent
from pipeline.app.output_files import sha256_of
from pipeline.app.release.build_release import BuildRequest, build_release
from pipeline.app.release.register_service import open_register

folder, source, call, left = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
real = getattr(os, call)

def killed(*names, **options):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return real(*names, **options)

setattr(os, call, killed)
identity = folder.parent / "id"
with open_register(str(folder.parent / "register.db")) as register:
    pem = [identity / "certificate.pem", identity / "key.pem"]
    request = BuildRequest("2026/000001", "Ana", source, None, folder, *pem)
    build_release(request, register, Silent())
"""


@pytest.mark.parametrize(
    ("call", "after", "visible", "finished"),
    [
        pytest.param("link", 1, [], False, id="before it is registered", marks=pytest.mark.soak),
        pytest.param("rename", 0, [], True, id="after it was registered", marks=pytest.mark.soak),
        pytest.param("rename", 1, ["2026-000001.mp4"], True, id="between clip and report"),
    ],
)
def test_a_killed_build_is_finished_or_removed_by_the_next_one(
    call: str, after: int, visible: list[str], finished: bool, request_of: BuildRequest
) -> None:
    folder = request_of.folder
    command = [sys.executable, "-c", KILLED, str(folder), str(request_of.source), call, str(after)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == visible
    assert len(list(folder.iterdir())) == len(visible) + 1, "the private folder of both files"
    seen: list[str] = []
    attack = Attack(DETECT=lambda: seen.extend(sorted(path.name for path in folder.iterdir())))
    if finished:
        with pytest.raises(PolicyError, match=r"already has 2026-000001\.mp4"):
            build(request_of, attack)
    else:
        build(request_of, attack)
    assert seen == []
    assert [warning.partition(":")[0] for warning in attack.warnings] == ["interrupted"]
    assert sorted(path.name for path in folder.iterdir()) == ["2026-000001.html", "2026-000001.mp4"]
    with open_register(str(folder.parent / "register.db")) as register:
        registered = register.get("2026/000001").files[-1].sha256
    assert sha256_of(folder / "2026-000001.mp4") == registered
