"""One file of a backup: a tar archive whose last member is a manifest with the SHA-256 of every other."""

from __future__ import annotations

import hashlib
import io
import json
import os
import posixpath
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from pipeline.errors import RecordError
from pipeline.storage.restore_note import NOTE_NAME

__all__ = ["ArchiveWriter", "Manifest", "extract_archive", "new_archive", "verify_archive"]

_MANIFEST: Final = "manifest.json"
_FORMAT: Final = 1
_CHUNK: Final = 1 << 20
_LONGEST_MANIFEST: Final = 1 << 28


@dataclass(frozen=True, slots=True)
class Manifest:
    """Contents of an archive.

    Attributes:
        program: version of viapublica that wrote it.
        created_ms: milliseconds since 1970 UTC.
        parts: what was backed up, by name, with the path it came from.
        absent: what was not, by name, with the reason.
        files: SHA-256 by name; names begin with that of their part.
        links: targets of symbolic links by name, relative and inside their part; an embedded store has some.
        format: version of this layout.
    """

    program: str
    created_ms: int
    parts: Mapping[str, str]
    absent: Mapping[str, str]
    files: Mapping[str, str]
    links: Mapping[str, str]
    format: int = _FORMAT

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


@dataclass(slots=True)
class ArchiveWriter:
    """Adds files and folders to an archive, and notes their hashes."""

    _tar: tarfile.TarFile
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    octets: int = 0

    def add_folder(self, part: str, folder: Path, *, leave_out: Sequence[Path] = (), in_use: bool = False) -> None:
        """Add every regular file below `folder`, and links that stay inside it; sockets and pipes are left out.

        Args:
            part: name of the folder in the archive; folder: the files.
            leave_out: files and folders.
            in_use: another process may remove files meanwhile; these are left out too.

        Raises:
            RecordError: a link leads out of the folder, so what it stands for would be missing.
            OSError: a file cannot be read.
        """
        self._tar.addfile(_folder_entry(part))
        skipped = {path.resolve() for path in leave_out}
        for root, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if Path(root, name).resolve() not in skipped)
            for name in (*folders, *sorted(names)):
                path = Path(root, name)
                member = f"{part}/{path.relative_to(folder).as_posix()}"
                if in_use and not os.path.lexists(path):
                    continue
                mode = path.lstat().st_mode
                if path.resolve() in skipped and not stat.S_ISLNK(mode):
                    continue
                if stat.S_ISLNK(mode):
                    self._add_link(member, path, folder)
                elif stat.S_ISDIR(mode):
                    self._tar.addfile(_folder_entry(member))
                elif stat.S_ISREG(mode):
                    self._add_found(member, path, in_use=in_use)

    def _add_found(self, member: str, path: Path, *, in_use: bool) -> None:
        try:
            self.add_file(member, path)
        except FileNotFoundError:
            if not in_use:
                raise

    def _add_link(self, member: str, path: Path, folder: Path) -> None:
        if not path.resolve().is_relative_to(folder.resolve()):
            fix = "Name its target in the configuration, in place of the link"
            raise RecordError(str(path), "is a link that leads out of the folder to back up", fix)
        target = os.path.relpath(path.resolve(), path.parent.resolve())
        entry = tarfile.TarInfo(member)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)
        self.links[member] = target

    def add_file(self, name: str, path: Path) -> None:
        """Add one file. A file that grows meanwhile is stored as long as it was when it was opened.

        Raises:
            OSError: it cannot be read, or became shorter.
        """
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            hashed = _HashingReader(stream, status.st_size)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = status.st_size, status.st_mode & 0o700, status.st_mtime
            self._tar.addfile(entry, hashed)
            if hashed.left:
                raise OSError(f"{path} became shorter while it was read")
        self.files[name] = hashed.digest.hexdigest()
        self.octets += status.st_size

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, the last member."""
        content = json.dumps(manifest.as_json(), ensure_ascii=False, indent=1).encode()
        entry = tarfile.TarInfo(_MANIFEST)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))


class _HashingReader:
    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self.left = size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(min(size, self.left) if size >= 0 else self.left)
        self.left -= len(content)
        self.digest.update(content)
        return content


@contextmanager
def new_archive(stream: IO[bytes]) -> Iterator[ArchiveWriter]:
    """A writer of an archive; without `ArchiveWriter.finish` it has no manifest and is not complete."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_CHUNK) as tar:
        yield ArchiveWriter(tar)


def verify_archive(path: Path) -> Manifest:
    """Read the whole archive and compare every file with the manifest.

    Raises:
        RecordError: it is no backup, incomplete, damaged, or of a later version.
    """
    return _read(path, None)


def extract_archive(path: Path, folder: Path, made: Callable[[Path], None] = lambda _: None) -> Manifest:
    """Write all files below `folder`, which is empty; each is compared with the manifest.

    Args:
        path: the archive; folder: for its files.
        made: receives each folder of the archive before it is filled.

    Raises:
        RecordError: like `verify_archive`; what was written by then is not complete.
        OSError: a file cannot be written.
    """
    return _read(path, folder, made)


@dataclass(slots=True)
class _Contents:
    """Members that were read so far: SHA-256 of files, targets of links, and the manifest once it came."""

    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None


def _read(path: Path, folder: Path | None, made: Callable[[Path], None] = lambda _: None) -> Manifest:
    try:
        stream = path.open("rb")
    except OSError as error:
        fix = "Check its path, and that this user may read it"
        raise RecordError(str(path), f"cannot be read ({error.strerror})", fix) from None
    contents = _Contents()
    try:
        with stream, tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as tar:
            for entry in tar:
                _add_member(path, tar, entry, contents, folder)
                if folder is not None and entry.isdir():
                    made(folder / entry.name)
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(path, f"is damaged or no backup ({error})") from None
    manifest = contents.manifest
    if manifest is None:
        raise _damaged(path, "has no manifest, so it is incomplete or no backup")
    present, stated = contents.files | contents.links, {**manifest.files, **manifest.links}
    if present != stated:
        wrong = sorted(name for name in {*present, *stated} if present.get(name) != stated.get(name))
        raise _damaged(path, f"{len(wrong)} files are missing, added or changed, the first is {wrong[0]}")
    if folder is not None:
        # Last, so that no file was written through one.
        for name, target in contents.links.items():
            (folder / name).symlink_to(target)
    return manifest


def _add_member(
    path: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo, contents: _Contents, folder: Path | None
) -> None:
    if contents.manifest is not None:
        raise _damaged(path, "contains files after its manifest")
    _check_name(path, entry)
    if entry.name == _MANIFEST:
        contents.manifest = _manifest(path, tar, entry)
    elif entry.issym():
        contents.links[entry.name] = entry.linkname
    elif not entry.isdir():
        contents.files[entry.name] = _copied(tar, entry, folder)
    elif folder is not None:
        (folder / entry.name).mkdir(mode=0o700, parents=True, exist_ok=True)


def _check_name(path: Path, entry: tarfile.TarInfo) -> None:
    """Only plain files and folders, with names that stay below the folder they are restored to."""
    name = PurePosixPath(entry.name)
    inside = not name.is_absolute() and ".." not in name.parts and "\\" not in entry.name
    if inside and entry.issym():
        target = posixpath.normpath(posixpath.join(posixpath.dirname(entry.name), entry.linkname))
        inside = not posixpath.isabs(entry.linkname) and PurePosixPath(target).parts[:1] == name.parts[:1]
    if not inside or not (entry.isreg() or entry.isdir() or entry.issym()):
        raise _damaged(path, f"contains {entry.name!r}, which is no plain file of a backup")


def _copied(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path | None) -> str:
    digest = hashlib.sha256()
    source = tar.extractfile(entry)
    assert source is not None  # noqa: S101 (a regular file, see `_check_name`)
    target = None if folder is None else folder / entry.name
    if target is None:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.name == NOTE_NAME:
        target.unlink(missing_ok=True)  # `made` may have written one; that of the archive is the older
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, entry.mode & 0o700 | 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    # Retention of some files goes by their time.
    os.utime(target, (entry.mtime, entry.mtime))
    return digest.hexdigest()


def _manifest(path: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Manifest:
    stream = tar.extractfile(entry)
    content = b"" if stream is None or entry.size > _LONGEST_MANIFEST else stream.read()
    try:
        values = json.loads(content)
        later, program = values["format"] > _FORMAT, str(values["program"])
        manifest = None if later else Manifest(**values)
    except (ValueError, KeyError, TypeError):
        raise _damaged(path, "has a manifest that cannot be read") from None
    if manifest is None:
        problem = f"was written by a later viapublica ({program})"
        raise RecordError(str(path), problem, "Restore it with that version")
    return manifest


def _folder_entry(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o700
    return entry


def _damaged(path: Path, problem: str) -> RecordError:
    return RecordError(str(path), problem, "Use another backup; do not restore from this one")
