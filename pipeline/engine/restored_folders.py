"""Folders of an installation that a backup may have filled: each has a note of its own after a restore."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.config.settings import Config
from pipeline.record.file_layout import camera_folders
from pipeline.sink.spool.inspect_spool import spools
from pipeline.storage.restore_note import check_not_restored
from pipeline.store.backends.open_database import chdb_folder
from pipeline.store.settings import ChdbSettings, StoreSettings


def stored_folders(data_dir: Path, stores: Iterable[StoreSettings], recordings: Iterable[Path]) -> list[Path]:
    """The data folder, its spools, embedded event stores, and folders of recorded video with those of its cameras.

    Args:
        data_dir: the data folder.
        stores: event stores; servers have no folder.
        recordings: folders of recorded video.

    Raises:
        OSError: a folder cannot be read.
    """
    embedded = [chdb_folder(store, data_dir) for store in stores if isinstance(store, ChdbSettings)]
    video = [path for folder in recordings for path in (folder, *camera_folders(folder))]
    return list(dict.fromkeys([data_dir, *embedded, *spools(data_dir), *video]))


def check_erasures_repeated(config: Config) -> None:
    """Make sure that what was erased was erased from every restored folder of a configuration, too.

    Raises:
        StoreError: erasures have to be repeated.
    """
    recordings = [config.record.dir] if config.record is not None else []
    check_not_restored(stored_folders(config.data_dir, config.event_stores, recordings))
