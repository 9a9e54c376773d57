"""Administered files: read only if no other user could have written or replaced them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.storage import administered_file
from pipeline.storage.administered_file import NotAdministered, read_administered


@pytest.fixture(autouse=True)
def _this_user_administers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administered_file, "ADMINISTRATOR", os.getuid())


@pytest.fixture
def pinned(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "pinned.yaml"
    path.parent.mkdir(mode=0o755)
    path.write_bytes(b"networks: {}\n")
    path.chmod(0o644)
    return path


def test_a_file_of_an_administrator_is_read_also_through_a_link(pinned: Path) -> None:
    assert read_administered(pinned) == b"networks: {}\n"
    link = pinned.with_name("link.yaml")
    link.symlink_to(pinned)
    assert read_administered(link) == b"networks: {}\n"


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_refused(pinned: Path, mode: int) -> None:
    pinned.chmod(mode)
    with pytest.raises(NotAdministered, match=f"writable by others .mode {mode:04o}"):
        read_administered(pinned)


@pytest.mark.parametrize("mode", [0o775, 0o777])
def test_a_file_in_a_folder_that_others_may_write_is_refused(pinned: Path, mode: int) -> None:
    pinned.parent.chmod(mode)
    with pytest.raises(NotAdministered) as caught:
        read_administered(pinned)
    assert caught.value.path == pinned.parent


def test_the_folder_of_a_link_is_checked_as_well_as_that_of_its_target(pinned: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "link.yaml").symlink_to(pinned)
    with pytest.raises(NotAdministered, match="shared is writable"):
        read_administered(shared / "link.yaml")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(pinned: Path) -> None:
    os.chown(pinned, 65534, 65534)
    with pytest.raises(NotAdministered, match="owned by user 65534"):
        read_administered(pinned)


def test_a_folder_is_refused_and_a_missing_file_is_reported_as_missing(pinned: Path) -> None:
    with pytest.raises(NotAdministered, match="not a regular file"):
        read_administered(pinned.parent)
    with pytest.raises(FileNotFoundError):
        read_administered(pinned.with_name("none"))
