"""A process that serves opens the event store once, answers others meanwhile, and gives it up to a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.app import shared_store
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import EventQueries, open_queries
from pipeline.app.questions import Plates
from pipeline.app.shared_store import SharedStore
from pipeline.domain.requester import Requester
from pipeline.errors import StoreBusy
from pipeline.store import event_store
from pipeline.store.backends.open_database import open_database
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreServer, endpoint_path, released
from pipeline.store.settings import ChdbSettings
from tests.asking import declare_roads
from tests.event_samples import plate_read
from tests.filled_store import fill_store

_ROOT = Path(__file__).parents[2]
_ERASER = """
import sys; from pathlib import Path
from pipeline.store.backends.open_database import open_database; from pipeline.store.settings import ChdbSettings
print(len(open_database(ChdbSettings(), Path(sys.argv[1]), create=False).rows("SELECT 1")))
"""


@pytest.fixture
def stores(tmp_path: Path) -> ConfiguredStores:
    fill_store(tmp_path, [plate_read(0)])
    declare_roads(tmp_path, "cam-1")
    return ConfiguredStores.of_data_dir(tmp_path)


@pytest.fixture
def kept(stores: ConfiguredStores) -> Iterator[SharedStore]:
    with SharedStore(stores) as kept:
        yield kept


def asked(stores: ConfiguredStores, kept: SharedStore | None) -> int:
    """Rows of one request."""
    backend = None if kept is None else lambda _: kept.lend()
    queries: EventQueries
    with open_queries(stores, Requester.of_process(), backend=backend) as queries:
        return len(queries.ask(Plates(plates=(plate_read(0).plate,))).value)


def test_many_requests_open_the_store_once_and_others_reach_it(
    stores: ConfiguredStores, kept: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def counted(settings: ChdbSettings, data_dir: Path, *, create: bool) -> object:
        opened.append(data_dir)
        return open_database(settings, data_dir, create=create)

    monkeypatch.setattr(event_store, "open_database", counted)
    assert [asked(stores, kept) for _ in range(3)] == [1, 1, 1]
    assert asked(stores, None) == 1, "as a command of another process asks: over the endpoint"
    assert len(opened) == 1


def test_a_run_that_starts_gets_the_store_and_is_asked_from_then_on(
    stores: ConfiguredStores, kept: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_store, "_RELEASED_S", 600.0)
    assert asked(stores, kept) == 1
    store = open_event_store(ChdbSettings(), stores.data_dir, dict)
    run = StoreServer(store, endpoint_path(stores.data_dir))
    client = kept.lend()
    assert client.is_of_run
    client.close()
    assert asked(stores, kept) == 1
    assert not released(endpoint_path(stores.data_dir)), "a run needs its store"
    with pytest.raises(StoreBusy):
        StoreServer(store, endpoint_path(stores.data_dir))
    run.close()
    store.close()
    with pytest.raises(StoreBusy, match="opened by another program"):
        kept.lend()


def test_a_command_of_another_process_that_needs_the_store_itself_gets_it(
    stores: ConfiguredStores, kept: SharedStore
) -> None:
    assert asked(stores, kept) == 1
    command = [sys.executable, "-c", _ERASER, str(stores.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
