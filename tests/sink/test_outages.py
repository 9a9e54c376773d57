"""Databases that are away, hang, are killed, refuse the login or have no room; programs that are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import open_queries
from pipeline.domain.events import Kind
from pipeline.domain.requester import Requester
from pipeline.errors import SinkError, StoreBusy, StoreError
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store.event_store import open_event_store
from pipeline.store.settings import Credentials
from tests.asking import Asking, declare_roads
from tests.event_samples import admit_all, plate_read, wait_until
from tests.servers.clickhouse import PASSWORD, ClickHouseServer
from tests.store_fixtures import clickhouse_settings

ROOT = Path(__file__).parents[2]
FAST = ChdbSinkSettings(batch_interval_s=0.02, retry_initial_s=0.05, retry_max_s=0.2, close_timeout_s=2)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path / "server") as server:
        yield server


@pytest.mark.parametrize("failure", ["kill", "pause"])
def test_a_server_that_goes_away_and_comes_back_has_every_event_once(
    own_server: ClickHouseServer, tmp_path: Path, failure: str
) -> None:
    settings = clickhouse_settings(own_server, timeout_s=1)
    sink = build_sink(settings, tmp_path, admit_all)
    store = Asking(open_event_store(settings, tmp_path, dict))
    sink.add([plate_read(n) for n in range(50)])
    sink.flush(60)
    getattr(own_server, failure)()
    sink.add([plate_read(n) for n in range(50, 100)])
    wait_until(lambda: sink.status().retries > 1)
    assert "no answer" in sink.status().error
    with pytest.raises(StoreError, match="no answer"):
        store.count(Kind.PLATE_READ)
    own_server.start() if failure == "kill" else own_server.resume()
    sink.flush(60)
    sink.close()
    assert store.count(Kind.PLATE_READ) == 100
    assert [read.track_id for read in store.plates("ABC1D23")] == list(range(99, -1, -1))
    store.close()


def test_a_server_missing_at_start_is_an_error_in_the_status_and_then_none(
    own_server: ClickHouseServer, tmp_path: Path
) -> None:
    own_server.kill()
    settings = clickhouse_settings(own_server)
    sink = build_sink(settings, tmp_path, admit_all)
    sink.add([plate_read(1)])
    wait_until(lambda: "refused" in sink.status().error)
    own_server.start()
    sink.flush(60)
    assert sink.status().error == ""
    sink.close()


def test_a_wrong_password_is_named_without_showing_it(clickhouse_server: ClickHouseServer, tmp_path: Path) -> None:
    login = Credentials(user="operator", password="open sesame")  # type: ignore[arg-type]
    sink = build_sink(clickhouse_settings(clickhouse_server, login=login, close_timeout_s=0), tmp_path, admit_all)
    sink.add([plate_read(1)])
    wait_until(lambda: "login of user 'operator' was refused" in sink.status().error)
    assert "sesame" not in sink.status().error + repr(login)
    sink.close()
    assert sink.status().pending == 1


@pytest.mark.parametrize("source", ["password_file", "password_env"])
def test_passwords_come_from_files_and_variables(
    clickhouse_server: ClickHouseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / "secret").write_text(PASSWORD + "\n")
    monkeypatch.setenv("VIAPUBLICA_TEST_PASSWORD", PASSWORD)
    value = {"password_file": tmp_path / "secret", "password_env": "VIAPUBLICA_TEST_PASSWORD"}[source]
    login = Credentials.model_validate({"user": "operator", source: value})
    sink = build_sink(clickhouse_settings(clickhouse_server, login=login, database=f"by_{source}"), tmp_path, admit_all)
    sink.add([plate_read(1)])
    sink.flush(60)
    sink.close()


def test_a_tls_port_that_speaks_no_tls_is_an_error_in_the_status(
    clickhouse_server: ClickHouseServer, tmp_path: Path
) -> None:
    sink = build_sink(clickhouse_settings(clickhouse_server, tls={}, close_timeout_s=0), tmp_path, admit_all)
    wait_until(lambda: "no answer" in sink.status().error)
    sink.close()


def test_readers_make_nothing(clickhouse_server: ClickHouseServer, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no event store yet"):
        Asking(open_queries(ConfiguredStores.of_data_dir(tmp_path), Requester.of_process()))
    store = Asking(open_event_store(FAST, tmp_path, dict))
    with pytest.raises(StoreError, match="there is no event store yet"):
        store.cameras()
    assert list(tmp_path.iterdir()) == []
    missing = Asking(
        open_event_store(clickhouse_settings(clickhouse_server, database="nobody_made_this"), tmp_path, dict)
    )
    with pytest.raises(StoreError, match="there is no event store yet"):
        missing.cameras()
    missing.close()


_WRITE_FOR_EVER = """
import sys
from pathlib import Path
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from tests.event_samples import admit_all, plate_read
sink = build_sink(ChdbSinkSettings(batch_interval_s=0.0, batch_events=200), Path(sys.argv[1]), admit_all)
n = 0
while True:
    sink.add([plate_read(n + i) for i in range(200)])
    sink.flush(60)
    n += 200
    print(n, flush=True)
"""


def test_kill_9_loses_nothing_acknowledged_and_a_second_run_adds_nothing(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITE_FOR_EVER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        acknowledged = 0
        for line in child.stdout:
            if line.strip().isdigit():
                acknowledged = int(line)
            if acknowledged >= 2000:
                break
        client_error = _busy(tmp_path)
        assert f"process {child.pid} owns this event store" in client_error
    finally:
        child.kill()
        rest, _ = child.communicate(timeout=20)
    acknowledged = max([acknowledged, *(int(line) for line in rest.split() if line.isdigit())])

    declare_roads(tmp_path, "cam-1")
    store = Asking(open_queries(ConfiguredStores.of_data_dir(tmp_path), Requester.of_process()))
    found = {read.track_id for read in store.plates("ABC1D23", limit=100_000)}
    assert found >= set(range(acknowledged))

    sink = build_sink(FAST, tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(acknowledged)])
    sink.flush(60)
    sink.close()
    stored = {read.track_id for read in store.plates("ABC1D23", limit=100_000)}
    # The batch that was accepted and not delivered when the kill came is delivered now; nothing is there twice.
    assert found <= stored <= set(range(acknowledged + 400))
    assert store.count(Kind.PLATE_READ) == len(stored)
    store.close()


def _busy(data_dir: Path) -> str:
    """What this process hears when it opens a store that another owns and that nobody answers for."""
    store = Asking(open_queries(ConfiguredStores.of_data_dir(data_dir), Requester.of_process()))
    with pytest.raises(StoreBusy) as busy:
        store.cameras()
    return str(busy.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no small disk: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("kind", ["chdb", "jsonl"])
def test_a_full_disk_is_said_and_survived(small_disk: Path, tmp_path: Path, kind: str) -> None:
    """In a process of its own: an engine that died of it must fail this test, not the whole run."""
    program = Path(__file__).with_name("full_disk_program.py")
    done = subprocess.run(
        [sys.executable, str(program), kind, str(small_disk), str(tmp_path / "data")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "survived" in done.stdout


def test_the_engine_takes_one_folder_per_process(tmp_path: Path) -> None:
    first, second = build_sink(FAST, tmp_path / "a", admit_all), build_sink(FAST, tmp_path / "b", admit_all)
    wait_until(lambda: "can have only one" in first.status().error + second.status().error)
    loser = first if first.status().error else second
    loser.add([plate_read(1)])
    with pytest.raises(SinkError, match="can have only one"):
        loser.flush(0.3)
    first.close()
    second.close()
