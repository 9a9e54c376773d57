"""Connections to the databases of the event store, from settings."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import StoreBusy, StoreError
from pipeline.storage.restore_note import check_not_restored
from pipeline.store.backends.database import FILL_IT, EventDatabase
from pipeline.store.local_endpoint import endpoint_path, released
from pipeline.store.settings import ChdbSettings, StoreSettings


def chdb_folder(settings: ChdbSettings, data_dir: Path) -> Path:
    """Where the embedded store lies, absolute."""
    return (data_dir / settings.path).resolve()


def target_of(settings: StoreSettings, data_dir: Path) -> str:
    """Which database, for people, without credentials."""
    if isinstance(settings, ChdbSettings):
        return str(chdb_folder(settings, data_dir))
    return f"clickhouse {settings.host}:{settings.port}/{settings.database}"


def open_database(settings: StoreSettings, data_dir: Path, *, create: bool, restored: bool = False) -> EventDatabase:
    """A connection, for what fills, maintains or reads the tables with SQL.

    Programs that ask questions use `pipeline.app.queries.open_queries` instead.

    Args:
        settings: which database.
        data_dir: folder of this program's data.
        create: make the folder or database when it is missing; a reader never does.
        restored: open one that was restored from a backup, too, to erase in it what was erased since.

    Raises:
        StoreBusy: another process owns the embedded store, and does not give it up.
        StoreError: it is not there (`create` false), cannot be opened, or was restored and may not be used yet.
        ConfigError: the password cannot be read.
    """
    if isinstance(settings, ChdbSettings):
        from pipeline.store.backends.chdb import ChdbDatabase

        folder = chdb_folder(settings, data_dir)
        if not create and not folder.is_dir():
            raise StoreError(
                str(folder),
                "there is no event store yet",
                f"{FILL_IT} Or check its path.",
            )
        if not restored:
            check_not_restored([folder])
        try:
            return ChdbDatabase(folder)
        except StoreBusy:
            if not released(endpoint_path(data_dir)):
                raise
            return ChdbDatabase(folder)
    from pipeline.store.backends.clickhouse import ClickHouseDatabase

    return ClickHouseDatabase(settings, create=create)
