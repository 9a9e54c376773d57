"""Backups of an installation: created, verified, and restored into an empty folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pipeline import __version__
from pipeline.app.audit.audited_operation import audit_of_stores, operation_audit
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.output_files import check_target
from pipeline.audit.checkpoints import SECRET_NAMES
from pipeline.backup.archive import ArchiveWriter, Manifest, new_archive, verify_archive
from pipeline.backup.owned_folders import owned_folder
from pipeline.backup.restored_parts import restore_archive
from pipeline.backup.sqlite_copy import copy_sqlite
from pipeline.backup.store_in_use import add_store_in_use
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.domain.operation import Operation
from pipeline.errors import ConfigError, RecordError, StoreError
from pipeline.governance.totp_encryption import KEY_NAME as TOTP_KEY_NAME
from pipeline.record.holds import Holds
from pipeline.storage.atomic import atomic_file, unique_partial
from pipeline.storage.erasure_log import ErasureLog
from pipeline.store.backends.open_database import chdb_folder
from pipeline.store.local_endpoint import StoreClient, endpoint_path
from pipeline.store.settings import ChdbSettings

__all__ = ["PARTS", "BackupRequest", "Manifest", "WrittenBackup", "create_backup", "restore_backup", "verify_archive"]

PARTS: Final = ("configuration", "data", "audit", "recording-index", "register")
"""Parts of a backup; ``recordings``, the video, only on request."""
RECORDINGS: Final = "recordings"
_VIDEO: Final = frozenset({".mp4", ".mkv", ".ts"})


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """What to back up.

    Attributes:
        config: the configuration; its data, recordings and sinks are meant.
        register: SQLite file or address of the register of disclosures.
        register_named: a missing register is an error, because a person named it.
        parts: of `PARTS`.
        recordings: recorded video too.
    """

    config: Path
    register: str
    register_named: bool
    parts: Sequence[str] = PARTS
    recordings: bool = False


@dataclass(frozen=True, slots=True)
class WrittenBackup:
    """A backup that was written and read again."""

    path: Path
    manifest: Manifest
    octets: int

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        parts = {**self.manifest.as_json(), "files": len(self.manifest.files), "links": len(self.manifest.links)}
        return {"path": str(self.path), "bytes": self.octets, **parts}


def create_backup(request: BackupRequest, target: Path, progress: Callable[[str], None]) -> WrittenBackup:
    """Write one archive of everything, and verify it. Nothing appears under its name before it is complete.

    Raises:
        ConfigError: the configuration is not valid, or the target exists.
        RecordError: a process uses the data, or something cannot be read or written.
        StoreError: it cannot be noted that erasures are logged from now on.
        AuditUnavailable: the audit takes no record; nothing is written.
    """
    config = load_config(request.config, for_queries=True)
    ErasureLog(config.data_dir).begin()  # so that after a restore it is known what was erased since
    path = check_target("backup", str(target))
    if path.exists():
        raise ConfigError(str(target), "exists already", "Choose another name; a backup is never overwritten")
    if "data" in request.parts and not config.data_dir.is_dir():  # before the audit begins one
        fix = "Check data_dir in the configuration, or name other parts with --part"
        raise ConfigError(str(config.data_dir), "the data folder does not exist", fix)
    partial = unique_partial(path)
    audit = audit_of_stores(ConfiguredStores.of_config(config))
    details = {"action": "backup", "parts": ", ".join(request.parts), "recordings": request.recordings}
    try:
        with (
            audit.doing(Operation.RECORDING_TO_MEDIA, details=details),
            atomic_file(path, partial=partial) as stream,
            new_archive(stream) as writer,
        ):
            _fill(writer, request, config, progress)
            octets = writer.octets
    except OSError as error:
        subject = str(error.filename or target)
        raise RecordError(subject, f"the backup failed ({error})", "Check rights and disk") from error
    progress("verifying")
    try:
        return WrittenBackup(path, verify_archive(path), octets)
    except RecordError:
        path.unlink(missing_ok=True)
        raise


def restore_backup(path: Path, folder: Path, config: Path | None = None) -> Manifest:
    """Write all files of a backup below `folder`, which appears complete or not at all.

    Args:
        path: of the backup; folder: empty.
        config: the configuration that names the audit; None without one: see `audited_stores`.

    Raises:
        ConfigError: `folder` is not empty.
        RecordError: the backup is damaged, or the folder cannot be written.
        AuditUnavailable: the audit takes no record; nothing is restored.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(str(folder), "is not an empty folder", "Restore into an empty one, then move what you need")
    audit, details = operation_audit(config, folder), {"action": "restore"}
    try:
        with audit.doing(Operation.RETENTION, details=details):
            return restore_archive(path, folder)
    except OSError as error:
        subject = str(error.filename or folder)
        raise RecordError(subject, f"cannot be written ({error.strerror})", "Check rights and disk") from error


def _fill(writer: ArchiveWriter, request: BackupRequest, config: Config, progress: Callable[[str], None]) -> None:
    parts: dict[str, str] = {}
    begun_ms = time.time_ns() // 1_000_000  # erasures from now on have to be repeated after a restore
    absent = _absent(request, config)
    steps: Mapping[str, Callable[[], str | None]] = {
        "configuration": lambda: _configuration(writer, request.config),
        "data": lambda: _data(writer, config, request),
        "audit": lambda: _audit(writer, config),
        "recording-index": lambda: _recordings(writer, config, video=request.recordings),
        "register": lambda: _register(writer, request, absent),
    }
    for name in request.parts:
        progress(name)
        if (source := steps[name]()) is not None:
            parts[name] = source
        else:
            absent.setdefault(name, "nothing is there yet")
            if _never(name, request):
                raise ConfigError(f"part {name}", f"cannot be backed up: {absent[name]}", "Leave it out of --part")
    if not parts:
        reasons = ", ".join(f"{name}: {absent[name]}" for name in request.parts)
        fix = "Name more parts with --part, or the register with --register"
        raise ConfigError("the backup", f"would be empty ({reasons})", fix)
    writer.finish(Manifest(__version__, begun_ms, parts, absent, writer.files, writer.links))


def _never(part: str, request: BackupRequest) -> bool:
    """Whether a part was asked for that no backup can contain, now or later."""
    return part == "register" and tuple(request.parts) != PARTS and "://" in request.register


def _absent(request: BackupRequest, config: Config) -> dict[str, str]:
    absent = {name: "not asked for (--part)" for name in PARTS if name not in request.parts}
    absent["passwords"] = "environment, password files and keys are never part of a backup; store them apart"
    if "audit" in request.parts:
        absent["keys of the audit"] = "they seal and read records; a restored audit is an archive, and a new one begins"
    if "register" in request.parts and Path(request.register).with_name(TOTP_KEY_NAME).is_file():
        absent["key of one-time codes"] = f"store {TOTP_KEY_NAME}, which lies beside the register, apart from it"
    if config.record is not None and not request.recordings:
        absent[RECORDINGS] = "recorded video is left out without --recordings"
    if config.observability.preview is not None:
        absent["previews"] = "preview images are temporary"
    for store in config.event_stores:
        if not isinstance(store, ChdbSettings):
            absent["event store"] = f"a ClickHouse server at {store.host}; use its BACKUP"
    if any(sink.type == "kafka" for sink in config.sinks):
        absent["Kafka"] = "topics stay with their brokers; the spool is included"
    return absent


def _configuration(writer: ArchiveWriter, path: Path) -> str:
    writer.add_file("configuration/configuration.yaml", path)
    return str(path.resolve())


def _data(writer: ArchiveWriter, config: Config, request: BackupRequest) -> str:
    elsewhere = [ConfiguredStores.of_config(config).audit_dir]
    elsewhere += [config.record.dir] if config.record is not None else []
    if config.observability.preview is not None:
        elsewhere.append(config.observability.preview.dir)
    register = Path(request.register)
    elsewhere += [register.parent] if "://" not in request.register and register.exists() else []
    stores = [store for store in config.event_stores if isinstance(store, ChdbSettings)]
    outside: dict[str, Path] = {store.type: config.data_dir / store.path for store in stores}
    outside |= {sink.name: config.data_dir / sink.path for sink in config.sinks if sink.type == "jsonl"}
    with ExitStack() as stack:
        owner = _owner(config, stores, stack)
        left_out = [path for path in elsewhere if path.resolve() != config.data_dir.resolve()]
        folders = [chdb_folder(store, config.data_dir) for store in stores] if owner is not None else []
        writer.add_folder("data", config.data_dir, leave_out=[*left_out, *folders], in_use=owner is not None)
        for name, path in outside.items():
            if path.resolve() in folders or not path.exists():
                continue
            if not path.resolve().is_relative_to(config.data_dir.resolve()):
                if owner is None:
                    stack.enter_context(owned_folder(path.parent))
                writer.add_folder(f"outside/{name}", path.parent if path.is_file() else path, in_use=owner is not None)
        # After the spools: what is delivered meanwhile is in both, and is one event.
        for store, folder in zip(stores, folders, strict=False):
            within = folder.is_relative_to(config.data_dir.resolve())
            inside = f"data/{folder.relative_to(config.data_dir.resolve())}" if within else f"outside/{store.type}"
            if owner is not None:
                add_store_in_use(writer, inside, folder, owner)
    return str(config.data_dir)


def _audit(writer: ArchiveWriter, config: Config) -> str | None:
    """The records, without what seals the next one: restored, they are an archive that the auditor's key verifies."""
    folder = ConfiguredStores.of_config(config).audit_dir
    if not folder.is_dir():
        return None
    writer.add_folder("audit", folder, leave_out=[folder / name for name in SECRET_NAMES], in_use=True)
    return str(folder)


def _owner(config: Config, stores: Sequence[ChdbSettings], stack: ExitStack) -> StoreClient | None:
    """The running process that owns the embedded store, and copies it with us; None: the data are ours meanwhile.

    Raises:
        RecordError: the data are in use, and no process that owns an embedded store answers.
    """
    try:
        stack.enter_context(owned_folder(config.data_dir))
    except RecordError:
        if not stores:
            raise
        try:
            owner = StoreClient(endpoint_path(config.data_dir))
        except StoreError:
            owner = None
        if owner is None:
            raise
        stack.callback(owner.close)
        return owner
    return None


def _recordings(writer: ArchiveWriter, config: Config, *, video: bool) -> str | None:
    """Holds, indexes and declarations, and on request the video; files that are being recorded end where they were."""
    if config.record is None or not config.record.dir.is_dir():
        return None
    folder = config.record.dir
    with Holds(folder).locked():
        left_out = [] if video else [path for path in folder.rglob("*") if path.suffix in _VIDEO]
        writer.add_folder("recordings", folder, leave_out=left_out)
    return str(folder)


def _register(writer: ArchiveWriter, request: BackupRequest, absent: dict[str, str]) -> str | None:
    if "://" in request.register:
        absent["register"] = "a database server; use pg_dump"
        return None
    path = Path(request.register)
    if not path.is_file():
        if request.register_named:
            raise ConfigError(str(path), "does not exist", "Name the register with --register")
        absent["register"] = f"there is no register at {path}"
        return None
    with _copied_register(path) as copy:
        left_out = [path, path.parent / TOTP_KEY_NAME, *path.parent.glob(f"{path.name}-*")]
        writer.add_folder("register", path.parent, leave_out=left_out)
        writer.add_file(f"register/{path.name}", copy)
    return str(path.resolve())


@contextmanager
def _copied_register(path: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="viapublica-") as folder:
        copy = Path(folder, path.name)
        copy_sqlite(path, copy)
        yield copy
