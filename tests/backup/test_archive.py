"""An archive gives back what went in, or says what is wrong with it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from pipeline.backup.archive import Manifest, extract_archive, new_archive, verify_archive
from pipeline.errors import RecordError


def folder_of(path: Path) -> Path:
    (path / "a" / "empty").mkdir(parents=True)
    (path / "a" / "one.bin").write_bytes(bytes(range(256)) * 5000)
    (path / "two.txt").write_text("zwei")
    (path / "link").symlink_to("a/one.bin")
    (path / "to-folder").symlink_to(path / "a")
    return path


def archive(path: Path, folder: Path) -> Path:
    with path.open("wb") as stream, new_archive(stream) as writer:
        writer.add_folder("data", folder)
        writer.finish(Manifest("0.1.0", 1, {"data": str(folder)}, {}, writer.files, writer.links))
    return path


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return archive(tmp_path / "b.tar", folder_of(tmp_path / "source"))


def test_a_folder_comes_back_as_it_was(backup: Path, tmp_path: Path) -> None:
    manifest = extract_archive(backup, tmp_path / "restored")
    data = tmp_path / "restored" / "data"
    assert (data / "a" / "one.bin").read_bytes() == (tmp_path / "source" / "a" / "one.bin").read_bytes()
    assert (data / "link").resolve() == data / "a" / "one.bin"
    assert (data / "to-folder").resolve() == data / "a"
    assert (data / "a" / "empty").is_dir()
    assert (data / "two.txt").stat().st_mode & 0o077 == 0
    assert (data / "two.txt").stat().st_mtime == pytest.approx((tmp_path / "source" / "two.txt").stat().st_mtime)
    assert verify_archive(backup) == manifest


def test_every_truncation_and_every_changed_byte_is_noticed(backup: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    bad = tmp_path / "bad.tar"
    for length in range(0, len(content) - 10_240, len(content) // 17):
        bad.write_bytes(content[:length])
        with pytest.raises(RecordError):
            verify_archive(bad)
    at = content.index(bytes(range(200)))
    for offset in (at, at + 100_000, content.index(b"zwei"), content.index(b'"program"') + 2):
        changed = bytearray(content)
        changed[offset] ^= 1
        bad.write_bytes(changed)
        with pytest.raises(RecordError):
            verify_archive(bad)


def crafted(path: Path, *entries: tarfile.TarInfo, manifest: dict[str, object] | None = None) -> Path:
    files: dict[str, str] = {}
    with tarfile.open(path, "w") as tar:
        for entry in entries:
            tar.addfile(entry)
        content = json.dumps(
            {"program": "9", "created_ms": 1, "parts": {}, "absent": {}, "files": files, "links": {}, "format": 1}
            | (manifest or {})
        ).encode()
        last = tarfile.TarInfo("manifest.json")
        last.size = len(content)
        tar.addfile(last, io.BytesIO(content))
    return path


def link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


def hard(name: str, target: str) -> tarfile.TarInfo:
    entry = link(name, target)
    entry.type = tarfile.LNKTYPE
    return entry


@pytest.mark.parametrize(
    "entry",
    [
        tarfile.TarInfo("../escape"),
        tarfile.TarInfo("/etc/escape"),
        tarfile.TarInfo("data/../../escape"),
        link("data/link", "/etc/passwd"),
        link("data/link", "../../escape"),
        link("data/link", "../other/file"),
        hard("data/hard", "/etc/passwd"),
    ],
    ids=lambda entry: f"{entry.name} {entry.linkname}",
)
def test_no_name_and_no_link_leads_out_of_the_folder(tmp_path: Path, entry: tarfile.TarInfo) -> None:
    bad = crafted(tmp_path / "bad.tar", entry)
    with pytest.raises(RecordError):
        extract_archive(bad, tmp_path / "deep" / "restored")
    assert not list(tmp_path.rglob("escape"))


def test_a_backup_of_a_later_version_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"later viapublica \(9\)"):
        verify_archive(crafted(tmp_path / "b.tar", manifest={"format": 2}))


def test_files_beside_the_manifest_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="data/extra"):
        verify_archive(crafted(tmp_path / "b.tar", tarfile.TarInfo("data/extra")))
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(RecordError, match="no backup"):
        verify_archive(tmp_path / "text")


def test_a_link_out_of_the_folder_is_refused_when_the_backup_is_made(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "source")
    (folder / "out").symlink_to("/etc/hostname")
    with pytest.raises(RecordError, match="leads out"):
        archive(tmp_path / "b.tar", folder)
