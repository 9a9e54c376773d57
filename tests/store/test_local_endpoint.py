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
from typing import Any, get_type_hints

import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import open_queries
from pipeline.domain.events import Kind
from pipeline.domain.requester import Requester, system_user
from pipeline.domain.route import DrivingLimits, GeoPoint
from pipeline.domain.times import DAY_MS, UtcOffset
from pipeline.errors import StoreBusy, StoreError
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from pipeline.store import local_endpoint as endpoint
from pipeline.store.answers.registry import ANSWERS, QUESTIONS
from pipeline.store.coverage_questions import LostDataOf
from pipeline.store.event_store import EventStore, open_event_store
from pipeline.store.local_endpoint import StoreClient, StoreServer, endpoint_path
from pipeline.store.questions import (
    Cameras,
    Clones,
    Convoy,
    Count,
    Events,
    PagedQuestion,
    Plates,
    QueryBackend,
    Question,
    RangedQuestion,
    ReadsByVehicle,
    Route,
)
from pipeline.store.traffic_questions import Speeds, Traffic
from tests.asking import Asking, declare_roads
from tests.event_samples import START_MS, admit_all, one_of_each, plate_read

ROOT = Path(__file__).parents[2]
USER = system_user(os.geteuid())
SE = GeoPoint(-23.550520, -46.633308)
FAST = ChdbSinkSettings(batch_interval_s=0.02, close_timeout_s=3)


def request(query: str, arguments: dict[str, Any], user: str = USER) -> bytes:
    return json.dumps({"query": query, "arguments": arguments, "requester": {"user": user}}).encode() + b"\n"


def asking(data_dir: Path) -> Asking:
    """A client of the process that owns this data folder."""
    return Asking(open_queries(ConfiguredStores.of_data_dir(data_dir), Requester.of_process()))


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[EventStore]:
    """A store with some events, whose sink is still writing."""
    declare_roads(tmp_path, "cam-1")
    sink = build_sink(FAST, tmp_path, admit_all)
    sink.add([event for n in range(20) for event in one_of_each(n)])
    sink.flush(60)
    store = open_event_store(FAST, tmp_path, dict)
    yield store
    store.close()
    sink.close()


@pytest.fixture
def server(owned: EventStore, tmp_path: Path) -> Iterator[StoreServer]:
    server = StoreServer(owned, endpoint_path(tmp_path))
    yield server
    server.close()


def test_the_client_answers_like_the_store(owned: EventStore, server: StoreServer, tmp_path: Path) -> None:
    client, store = asking(tmp_path), Asking(owned)
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


SAME_ANSWERS: list[Question[Any]] = [
    Plates(plates=("ABC1D23", "X"), limit=3),
    Events(kind=Kind.ALERT, limit=2),
    Cameras(),
    Count(kind=Kind.HEALTH),
    Convoy(plate="ABC1D23", meetings=1),
    Route(plate="ABC1D23", locations={"cam-1": SE}, limit=3),
    Clones(plate="ABC1D23", locations={"cam-1": SE}),
    Clones(locations={"cam-1": SE, "cam-2": None}, limits=DrivingLimits(100, 1, 0)),
    ReadsByVehicle(plate="ABC1D23"),
    ReadsByVehicle(),
    Traffic(every_ms=60_000, camera_ids=("cam-1",)),
    Speeds(every_ms=DAY_MS, utc_offsets=(UtcOffset(0, -10_800_000),)),
]


def test_every_question_has_the_same_answer_over_the_socket(
    owned: EventStore, server: StoreServer, tmp_path: Path
) -> None:
    client = asking(tmp_path)
    for question in SAME_ANSWERS:
        assert client.ask(question) == Asking(owned).ask(question), question
    client.close()


def subclasses(of: type[Any]) -> set[type[Any]]:
    below = {found for kind in of.__subclasses__() for found in (kind, *subclasses(kind))}
    return {kind for kind in below if not kind.__name__.startswith("_")}


def test_every_question_is_registered_with_an_answer_of_its_type() -> None:
    assert set(QUESTIONS.values()) == subclasses(Question) - {RangedQuestion, PagedQuestion}
    assert QUESTIONS["reads_by_vehicle"] is ReadsByVehicle
    for question, answer in ANSWERS.items():
        hints = get_type_hints(answer)
        assert hints["return"] == question.answer_type()
        assert question in hints.values()


def test_another_process_asks_while_this_one_writes(server: StoreServer, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from pipeline.app.configured_stores import ConfiguredStores\n"
        "from pipeline.app.queries import open_queries\n"
        "from pipeline.app.questions import Plates\n"
        "from pipeline.domain.requester import Requester\n"
        f"with open_queries(ConfiguredStores.of_data_dir(Path({str(tmp_path)!r})), Requester.of_process()) as store:\n"
        "    print(len(store.ask(Plates(plates=('ABC1D23',))).value))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "20"


def test_only_this_user_gets_near_the_socket(server: StoreServer) -> None:
    assert server.socket_path.stat().st_mode & 0o777 == 0o600
    assert server.socket_path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_disconnected_even_where_permissions_are_open(server: StoreServer) -> None:
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


BAD_QUESTIONS = [
    b"\n",
    b"rubbish\n",
    b"[]\n",
    b'{"query":"cameras","arguments":{}}\n',
    request("sql", {"q": "DROP TABLE plate_reads"}),
    request("close", {}),
    request("__class__", {}),
    request("plates", {}),
    request("plates", {"plates": 5}),
    request("plates", {"plates": ["A"], "sql": "x"}),
    request("plates", {"plates": ["A"], "limit": 1e99}),
    request("count", {"kind": "users"}),
    request("events", {"limit": -1}),
    request("clones", {"locations": {"a": {"latitude": 91, "longitude": 0}}}),
    request("clones", {"locations": {}, "limits": {"speed_km_h": 0}}),
    request("clones", {"locations": {}, "limits": {"clock_s": -1}}),
    request("route", {"plate": "ABC1D23", "locations": {"a": None}}),
    request("traffic", {"utc_offsets": [[0, 10**12]]}),
    request("cameras", {}, user="another"),
    request("cameras", {}, user=""),
    b"\xff\xfe\n",
]


def test_a_bad_question_gets_an_error_and_the_next_one_an_answer(server: StoreServer) -> None:
    for line in BAD_QUESTIONS:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(10)
            peer.connect(str(server.socket_path))
            with peer.makefile("rwb") as lines:
                lines.write(line)
                lines.flush()
                assert set(json.loads(lines.readline())["error"]) == {"subject", "problem", "fix"}, line
                lines.write(request("count", {"kind": "track"}))
                lines.flush()
                assert json.loads(lines.readline())["answer"] == 20


def test_a_purpose_that_says_something_sensitive_about_people_is_refused(server: StoreServer) -> None:
    client = StoreClient(server.socket_path)
    for texts in ({"purpose": "seguir motorista ev4ngelico"}, {"case": "dono s.o.r.o.p.o.s.i.t.i.v.o"}):
        with pytest.raises(StoreError, match=r"LGPD art\. 5 II"):
            client.ask(Cameras(), Requester(user=USER, **texts))
    assert client.ask(Count(kind=Kind.TRACK), Requester(user=USER, purpose="furto na Rua da Igreja")) == 20
    client.close()


def test_a_question_in_the_name_of_another_user_is_refused(server: StoreServer, tmp_path: Path) -> None:
    client = open_queries(ConfiguredStores.of_data_dir(tmp_path), Requester(user="another", purpose="order 12"))
    with pytest.raises(StoreError, match=f"in the name of 'another', but the connection belongs to '{USER}'"):
        client.ask(Cameras())
    client.close()


def test_the_requester_arrives_with_purpose_and_case(tmp_path: Path) -> None:
    asked: list[Requester] = []

    class Listening(QueryBackend):
        def ask(self, question: Question[Any], requester: Requester) -> Any:
            asked.append(requester)
            return [] if isinstance(question, LostDataOf) else 7

        def close(self) -> None:
            pass

    server = StoreServer(Listening(), endpoint_path(tmp_path))
    requester = Requester(user=USER, purpose="stolen vehicle", case="12/2026")
    with open_queries(ConfiguredStores.of_data_dir(tmp_path), requester) as queries:
        assert queries.requester == requester
        assert queries.ask(Count(kind=Kind.TRACK)).value == 7
    server.close()
    assert asked == [requester, requester], "and whether data was lost"


def test_a_list_of_many_plates_and_the_coordinates_of_many_cameras_are_one_question(
    server: StoreServer, tmp_path: Path
) -> None:
    client = asking(tmp_path)
    assert len(client.plates("ABC1D23", *(f"NIL{n:06}" for n in range(99_999)))) == 20
    cameras = {f"avenida-brasil-{n:05}": GeoPoint(-23.5505201234, -46.6333081234) for n in range(20_000)}
    assert len(client.ask(Route(plate="ABC1D23", locations=cameras)).legs) == 19
    client.close()


def test_an_endless_question_is_cut_off(server: StoreServer) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(server.socket_path))
        peer.sendall(b"x" * (1 << 23))
        assert b"error" in peer.recv(65536)
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(10) == b""


def test_errors_of_the_store_reach_the_client_whole(server: StoreServer, tmp_path: Path) -> None:
    client = asking(tmp_path)
    with pytest.raises(StoreError, match="no letter or digit"):
        client.plates("---")
    assert client.count(Kind.TRACK) == 20
    client.close()


def test_many_clients_at_once(server: StoreServer, tmp_path: Path) -> None:
    answers: list[int] = []

    def ask() -> None:
        client = asking(tmp_path)
        answers.extend(client.count(Kind.COUNT) for _ in range(5))
        client.close()

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [20] * 50


def test_a_socket_of_a_dead_process_is_replaced_a_living_one_respected(owned: EventStore, tmp_path: Path) -> None:
    path = endpoint_path(tmp_path)
    path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = StoreServer(owned, path)
    with pytest.raises(StoreBusy, match="already answers"):
        StoreServer(owned, path)
    server.close()
    server.close()
    assert not path.exists()


def test_paths_longer_than_a_socket_address_work(owned: EventStore, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    server = StoreServer(owned, endpoint_path(deep))
    client = Asking(StoreClient(endpoint_path(deep)))
    assert client.count(Kind.TRACK) == 20
    client.close()
    server.close()


def test_a_process_that_ends_during_a_question_is_named(owned: EventStore, tmp_path: Path) -> None:
    server = StoreServer(owned, endpoint_path(tmp_path))
    client = Asking(StoreClient(endpoint_path(tmp_path)))
    assert client.count(Kind.TRACK) == 20
    server.close()
    with pytest.raises(StoreBusy, match="does not answer"):
        client.count(Kind.TRACK)
    client.close()
    with pytest.raises(StoreError, match="no running process"):
        StoreClient(endpoint_path(tmp_path))


def test_a_run_that_cannot_reach_its_database_yet_says_so(tmp_path: Path) -> None:
    store = open_event_store(FAST, tmp_path, dict)
    server = StoreServer(store, endpoint_path(tmp_path))
    client = Asking(StoreClient(endpoint_path(tmp_path)))
    with pytest.raises(StoreError, match="no event store yet"):
        client.cameras()
    sink = build_sink(FAST, tmp_path, admit_all)
    sink.add([plate_read(1)])
    sink.flush(60)
    assert client.count(Kind.PLATE_READ) == 1
    client.close()
    server.close()
    store.close()
    sink.close()


@contextlib.contextmanager
def full_queue(path: Path) -> Iterator[socket.socket]:
    """A listener that accepts no connection, and a full queue before it."""
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
    tmp_path: Path, owned: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_QUEUE_S", 0.1)
    path = endpoint_path(tmp_path)
    with full_queue(path):
        with pytest.raises(StoreBusy, match="too many others wait"):
            asking(tmp_path)  # Opening the folder itself would fail: that process has it.
        with pytest.raises(StoreBusy, match="already answers"):
            StoreServer(owned, path)


def test_a_client_that_finds_the_queue_full_waits_for_a_place(tmp_path: Path) -> None:
    with full_queue(endpoint_path(tmp_path)) as listener:

        def take_one() -> None:
            listener.accept()[0].close()

        timer = threading.Timer(0.1, take_one)
        timer.start()
        StoreClient(endpoint_path(tmp_path)).close()
        timer.join()
