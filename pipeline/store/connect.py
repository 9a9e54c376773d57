"""The event store for a command: over the running process, or directly."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import StoreBusy, StoreError
from pipeline.store.backends.open_database import chdb_folder
from pipeline.store.event_store import open_store
from pipeline.store.local_endpoint import StoreClient, endpoint_path
from pipeline.store.questions import EventQueries
from pipeline.store.settings import ChdbSettings, StoreSettings


def connect_store(settings: StoreSettings, data_dir: Path) -> EventQueries:
    """Whoever can answer questions to this store now.

    A ClickHouse server is asked directly. An embedded store belongs to one process: when a run with this data folder is
    alive it is asked over its socket; else this process opens the folder itself, at the first question.

    Args:
        settings: of the sink that fills the store.
        data_dir: folder of that run's data.

    Raises:
        StoreBusy: the run that owns it is too busy to answer.
        StoreError: there is no store yet.
    """
    if isinstance(settings, ChdbSettings):
        try:
            return StoreClient(endpoint_path(data_dir))
        except StoreBusy:
            raise  # It is alive and owns the folder.
        except StoreError:
            folder = chdb_folder(settings, data_dir)
            if not folder.is_dir():
                raise StoreError(
                    str(folder), "there is no event store yet", "Start `viapublica run` with this store once."
                ) from None
    return open_store(settings, data_dir)
