"""Files and folders that an earlier configuration let this program write, and the present one does not name."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.erasure import LeftNote
from pipeline.errors import StoreError
from pipeline.governance.erasure_notes import (
    former_server,
    missing_path,
    other_data_folder,
    restored_copy,
    unnamed_store,
)
from pipeline.sink.settings import JsonLinesSettings
from pipeline.storage.restore_note import restore_note
from pipeline.storage.written_paths import PathKind, WrittenPaths, normalized
from pipeline.store.backends.open_database import chdb_folder, target_of
from pipeline.store.settings import ChdbSettings, StoreSettings


def event_paths(stores: ConfiguredStores) -> list[Path]:
    """Files of JSON lines, configured ones first, without the files that they are rotated into.

    Raises:
        StoreError: the log of written paths cannot be read.
    """
    return _every(stores, PathKind.EVENTS)


def video_folders(stores: ConfiguredStores) -> list[Path]:
    """Folders of recorded video, the configured one first; see `event_paths`."""
    return _every(stores, PathKind.VIDEO)


def preview_folders(stores: ConfiguredStores) -> list[Path]:
    """Folders of previews, the configured one first; see `event_paths`."""
    return _every(stores, PathKind.PREVIEWS)


def missing_paths(stores: ConfiguredStores) -> list[LeftNote]:
    """Former files and folders that are not where they were: deleted, moved, or on a disk that is not mounted.

    Raises:
        StoreError: the log of written paths cannot be read.
    """
    kinds = (kind for kind in PathKind if kind is not PathKind.SERVER)
    former = (path for kind in kinds for path in _every(stores, kind) if path not in _configured(stores, kind))
    return [missing_path(str(path)) for path in former if not path.exists()]


def former_stores(stores: ConfiguredStores, named: Collection[StoreSettings]) -> list[LeftNote]:
    """Event stores that the configuration does not name: of earlier ones, and whatever is in the data folder.

    A process opens one embedded store only, so they are not erased with the present one.

    Args:
        stores: the data folder.
        named: event stores of the configuration, among its sinks too.

    Raises:
        StoreError: the log of written paths cannot be read.
    """
    written, targets = WrittenPaths(stores.data_dir), {target_of(store, stores.data_dir) for store in named}
    # Of versions that did not note what they wrote.
    unnoted = (path.parent for depth in ("*", "*/*", "*/*/*") for path in stores.data_dir.glob(f"{depth}/metadata"))
    folders = {path.resolve() for path in (*written.all(PathKind.STORE), *unnoted) if (path / "store").is_dir()}
    found = [unnamed_store(str(folder)) for folder in sorted(folders) if str(folder) not in targets]
    return found + [former_server(server) for server in written.servers() if server not in targets]


def folders_beside(stores: ConfiguredStores) -> list[LeftNote]:
    """Restored backups and other data folders beside the data folder, by name.

    Raises:
        StoreError: the folders there cannot be read.
    """
    data_dir = normalized(stores.data_dir)
    video = video_folders(stores)
    found = []
    try:
        beside = sorted(path for path in data_dir.parent.iterdir() if path.is_dir() and path not in (data_dir, *video))
        for folder in beside:
            if restore_note(folder) is not None:
                found.append(restored_copy(str(folder)))
            elif (folder / "erased").is_dir() or (folder / "declarations").is_dir():
                found.append(other_data_folder(str(folder)))
    except FileNotFoundError:
        return found
    except OSError as error:
        problem = f"cannot be read ({error.strerror}), so it is not known whether other data folders are there"
        raise StoreError(str(error.filename or data_dir.parent), problem, "Erase as a user who may read it") from error
    return found


def _every(stores: ConfiguredStores, kind: PathKind) -> list[Path]:
    former = WrittenPaths(stores.data_dir).all(kind)
    return list(dict.fromkeys([*_configured(stores, kind), *former]))


def _configured(stores: ConfiguredStores, kind: PathKind) -> list[Path]:
    if kind is PathKind.STORE:
        found = [chdb_folder(store, stores.data_dir) for store in stores.stores if isinstance(store, ChdbSettings)]
    elif kind is PathKind.VIDEO:
        found = [stores.record.dir] if stores.record else []
    elif kind is PathKind.PREVIEWS:
        found = [stores.previews] if stores.previews else []
    else:
        files = (sink.path for sink in stores.sinks if isinstance(sink, JsonLinesSettings) and str(sink.path) != "-")
        found = [stores.data_dir / path for path in files]
    return [normalized(path) for path in found]
