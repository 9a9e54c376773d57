"""Questions from another process to the one that owns the store."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.events import Kind
from pipeline.errors import StoreBusy, StoreError
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store import local_endpoint as endpoint
from pipeline.store.connect import connect_store
from pipeline.store.event_store import EventStore, open_store
from pipeline.store.local_endpoint import StoreClient, StoreServer, endpoint_path
from pipeline.store.questions import (
    QUESTIONS,
    Cameras,
    Convoy,
    Count,
    Events,
    Interval,
    Plates,
    Question,
    Speeds,
    Traffic,
    Trails,
)
from tests.event_samples import START_MS, one_of_each, plate_read

ROOT = Path(__file__).parents[2]
FAST = ChdbSinkSettings(batch_interval_s=0.02, close_timeout_s=3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    """A store with some events, whose sink is still writing."""
    sink = build_sink(FAST, tmp_path)
    sink.add([event for n in range(20) for event in one_of_each(n)])
    sink.flush(20)
    store = open_store(FAST, tmp_path)
    yield store
    store.close()
    sink.close()


@pytest.fixture
def server(store: EventStore, tmp_path: Path) -> Iterator[StoreServer]:
    server = StoreServer(store, endpoint_path(tmp_path))
    yield server
    server.close()


def test_the_client_answers_like_the_store(store: EventStore, server: StoreServer, tmp_path: Path) -> None:
    client = connect_store(FAST, tmp_path)
    assert isinstance(client, StoreClient)
    window = {"start_ms": START_MS + 3000, "end_ms": START_MS + 9000, "limit": 4, "offset": 1}
    assert client.plates("abc1d23", **window) == store.plates("abc1d23", **window)  # type: ignore[arg-type]
    assert client.plates("A?C*", like=True, camera_ids=["cam-1"]) == store.plates("A?C*", like=True)
    assert client.events(limit=7) == store.events(limit=7)
    assert client.events(Kind.TRACK, camera_ids=["cam-1"]) == store.events(Kind.TRACK)
    assert client.plates("ABC1D24", "XYZ9A99", errors=1) == store.plates("ABC1D23")
    assert client.cameras() == store.cameras()
    assert client.count(Kind.HEALTH) == 20
    client.close()
    client.close()


@pytest.mark.parametrize(
    "question",
    [
        Plates(plates=("ABC1D23", "X"), limit=3),
        Events(kind=Kind.ALERT, limit=2),
        Cameras(),
        Count(kind=Kind.HEALTH),
        Convoy(plate="ABC1D23", meetings=1),
        Trails(plate="ABC1D23"),
        Trails(),
        Traffic(by=Interval.MINUTE, camera_ids=("cam-1",)),
        Speeds(by=Interval.DAY, utc_offset_ms=-10_800_000),
    ],
    ids=lambda question: type(question).__name__,
)
def test_every_question_has_the_same_answer_over_the_socket(
    store: EventStore, server: StoreServer, tmp_path: Path, question: Question[Any]
) -> None:
    client = connect_store(FAST, tmp_path)
    assert client.ask(question) == store.ask(question)
    client.close()


def test_every_question_can_be_asked_over_the_socket() -> None:
    assert set(QUESTIONS.values()) == {Plates, Events, Cameras, Count, Convoy, Trails, Traffic, Speeds}


def test_another_process_asks_while_this_one_writes(server: StoreServer, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from pipeline.store.connect import connect_store\n"
        "from pipeline.store.settings import ChdbSettings\n"
        f"print(len(connect_store(ChdbSettings(), Path({str(tmp_path)!r})).plates('ABC1D23')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "20"


def test_only_this_user_gets_near_the_socket(server: StoreServer) -> None:
    assert server.socket_path.stat().st_mode & 0o777 == 0o600
    assert server.socket_path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_hung_up_on_even_where_permissions_are_open(server: StoreServer) -> None:
    path = server.socket_path
    for folder in [path.parent, *path.parents]:
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    path.chmod(0o666)
    program = (
        "import os, socket, sys\nos.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        f"fd = os.open({str(path.parent)!r}, os.O_PATH)\n"
        "s.connect(f'/proc/self/fd/{fd}/store.sock')\n"
        "s.settimeout(5)\n"
        'try:\n s.sendall(b\'{"query":"cameras","arguments":{}}\\n\')\n print(s.recv(100))\n'
        "except (BrokenPipeError, ConnectionResetError):\n print(b'')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.strip() == "b''", done.stderr


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"rubbish\n",
        b"[]\n",
        b'{"query":"sql","arguments":{"q":"DROP TABLE plate_reads"}}\n',
        b'{"query":"close","arguments":{}}\n',
        b'{"query":"__class__","arguments":{}}\n',
        b'{"query":"plates","arguments":{}}\n',
        b'{"query":"plates","arguments":{"plates":5}}\n',
        b'{"query":"plates","arguments":{"plates":["A"],"sql":"x"}}\n',
        b'{"query":"plates","arguments":{"plates":["A"],"limit":1e99}}\n',
        b'{"query":"count","arguments":{"kind":"users"}}\n',
        b'{"query":"events","arguments":{"limit":-1}}\n',
        b"\xff\xfe\n",
    ],
)
def test_a_bad_question_gets_an_error_and_the_next_one_an_answer(server: StoreServer, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(server.socket_path))
        with peer.makefile("rwb") as lines:
            lines.write(line)
            lines.flush()
            assert set(json.loads(lines.readline())["error"]) == {"subject", "problem", "fix"}
            lines.write(b'{"query":"count","arguments":{"kind":"track"}}\n')
            lines.flush()
            assert json.loads(lines.readline())["answer"] == 20


def test_an_endless_question_is_cut_off(server: StoreServer) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(server.socket_path))
        peer.sendall(b"x" * (1 << 20))
        assert b"error" in peer.recv(65536)
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(10) == b""


def test_errors_of_the_store_reach_the_client_whole(server: StoreServer, tmp_path: Path) -> None:
    client = connect_store(FAST, tmp_path)
    with pytest.raises(StoreError, match="no letter or digit"):
        client.plates("---")
    assert client.count(Kind.TRACK) == 20
    client.close()


def test_many_clients_at_once(server: StoreServer, tmp_path: Path) -> None:
    answers: list[int] = []

    def ask() -> None:
        client = connect_store(FAST, tmp_path)
        answers.extend(client.count(Kind.COUNT) for _ in range(5))
        client.close()

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [20] * 50


def test_a_socket_of_a_dead_process_is_replaced_a_living_one_respected(store: EventStore, tmp_path: Path) -> None:
    path = endpoint_path(tmp_path)
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = StoreServer(store, path)
    with pytest.raises(StoreBusy, match="already answers"):
        StoreServer(store, path)
    server.close()
    server.close()
    assert not path.exists()


def test_paths_longer_than_a_socket_address_work(store: EventStore, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    server = StoreServer(store, endpoint_path(deep))
    client = StoreClient(endpoint_path(deep))
    assert client.count(Kind.TRACK) == 20
    client.close()
    server.close()


def test_a_process_that_ends_during_a_question_is_named(store: EventStore, tmp_path: Path) -> None:
    server = StoreServer(store, endpoint_path(tmp_path))
    client = StoreClient(endpoint_path(tmp_path))
    assert client.count(Kind.TRACK) == 20
    server.close()
    with pytest.raises(StoreBusy, match="does not answer"):
        client.count(Kind.TRACK)
    client.close()
    with pytest.raises(StoreError, match="no running process"):
        StoreClient(endpoint_path(tmp_path))


def test_a_run_that_cannot_reach_its_database_yet_says_so(tmp_path: Path) -> None:
    store = open_store(FAST, tmp_path)
    server = StoreServer(store, endpoint_path(tmp_path))
    client = StoreClient(endpoint_path(tmp_path))
    with pytest.raises(StoreError, match="no event store yet"):
        client.cameras()
    sink = build_sink(FAST, tmp_path)
    sink.add([plate_read(1)])
    sink.flush(20)
    assert client.count(Kind.PLATE_READ) == 1
    client.close()
    server.close()
    store.close()
    sink.close()


@contextlib.contextmanager
def full_queue(path: Path) -> Iterator[socket.socket]:
    """A listener that takes nobody on, and as many waiting as may wait."""
    path.parent.mkdir(mode=0o700)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(1)
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(str(path))
        yield listener


def test_a_process_with_too_many_clients_is_busy_and_not_absent(
    tmp_path: Path, store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_QUEUE_S", 0.1)
    path = endpoint_path(tmp_path)
    with full_queue(path):
        with pytest.raises(StoreBusy, match="too many others wait"):
            connect_store(FAST, tmp_path)  # Opening the folder itself would fail: that process has it.
        with pytest.raises(StoreBusy, match="already answers"):
            StoreServer(store, path)


def test_who_finds_the_queue_full_waits_for_a_place(tmp_path: Path) -> None:
    with full_queue(endpoint_path(tmp_path)) as listener:

        def take_one() -> None:
            listener.accept()[0].close()

        timer = threading.Timer(0.1, take_one)
        timer.start()
        StoreClient(endpoint_path(tmp_path)).close()
        timer.join()
