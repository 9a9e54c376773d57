"""A city in small: an engine, a broker, an ingester and an event store, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from pipeline.config import load_config
from pipeline.domain.events import Kind
from tests.chaos.engine_program import CAMERAS, accepted, event
from tests.servers.clickhouse import PASSWORD, ClickHouseServer
from tests.servers.kafka import KafkaBroker

_ROOT = Path(__file__).resolve().parents[2]


class Program:
    """A Python process that is started again after every kill."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self._arguments = arguments
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                cwd=_ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        return self._process

    def kill(self) -> None:
        self._running().kill()
        self._running_or_dead().wait(20)

    def _running_or_dead(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def pause(self) -> None:
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def stop(self, timeout_s: float = 60) -> None:
        """In good order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGUSR1)  # says where it hangs
                time.sleep(1)
                self._process.kill()


class City:
    """Starts everything; `suffer` hurts something by chance; `settled` says whether all accepted events are stored.

    Args:
        folder: for everything.
        store: ``clickhouse`` (the 18.16 server) or ``chdb`` (inside the ingester).
        seed: of chance.
        disk: a folder on a small disk of its own for the engine's spool, None to leave full disks out.
        rate: events a second.
    """

    def __init__(self, folder: Path, store: str, seed: int, disk: Path | None, rate: int) -> None:
        self.rng = random.Random(seed)
        self.faults: Counter[str] = Counter()
        self._given_up = 0
        self.broker = KafkaBroker()
        self.database = ClickHouseServer(folder / "clickhouse") if store == "clickhouse" else None
        self.ledger = folder / "ledger"
        self._disk = disk
        self._engine_data = (disk or folder) / "engine"
        self._write_configs(folder)
        self.engine = Program(
            ["tests.chaos.engine_program", str(folder / "engine.yaml"), str(self.ledger), str(rate)],
            folder / "engine.log",
        )
        self.ingester = Program(
            ["pipeline.cli", "kafka", "ingest", "--config", str(folder / "ingest.yaml"), "--quiet"],
            folder / "ingest.log",
        )
        self.folder = folder

    def _write_configs(self, folder: Path) -> None:
        if self.database is not None:
            store = {
                "type": "clickhouse", "port": self.database.port, "timeout_s": 10, "connect_timeout_s": 2,
                "login": {"user": "operator", "password": PASSWORD},
            }  # fmt: skip
        else:
            store = {"type": "chdb"}
        kafka = {
            "type": "kafka", "name": "broker", "brokers": [self.broker.address], "timeout_s": 5,
            "batch_interval_s": 0.2, "retry_initial_s": 0.1, "retry_max_s": 1.0, "spool": {"max_bytes": 2**31},
        }  # fmt: skip
        patient = {
            "session_timeout_s": 3, "retry_initial_s": 0.1, "retry_max_s": 1.0, "batch_interval_s": 0.3,
            "oldest_days": 36_500, "max_clock_lead_s": 2_592_000,
        }  # fmt: skip
        cameras = [{"id": name, "source": "none.mp4", "scope": "public-road"} for name in CAMERAS]
        for name, data in (("engine", self._engine_data), ("ingest", folder / "ingester")):
            config = {
                "data_dir": str(data), "cameras": cameras, "sinks": [kafka], "store": store, "ingest": patient,
                "retention": {"plate_reads": None, "tracks": None}, "observability": {"log_level": "debug"},
            }  # fmt: skip
            (folder / f"{name}.yaml").write_bytes(msgspec.json.encode(config))  # JSON is YAML

    def start(self) -> None:
        self.broker.start()
        if self.database is not None:
            self.database.start()
        self.ingester.start()
        self.engine.start()
        self._wait(lambda: self.stored() > 0, 60, "no event came through at all")

    def suffer(self) -> None:
        """One fault by chance, and its end."""
        kinds: list[Callable[[], None]] = [
            self._kill_engine, self._kill_ingester, self._kill_broker, self._pause, self._tear_spool
        ]  # fmt: skip
        if self.database is not None:
            kinds.append(self._kill_database)
        if self._disk is not None:
            kinds.append(self._fill_disk)
        self.rng.choice(kinds)()
        if self.rng.random() < 0.7:  # else the next fault comes while this one's victim is still getting up
            self._engine_works()
        time.sleep(self.rng.uniform(0.3, 1.5))

    def _arrived(self, count: int) -> None:
        """Wait until so many events are stored.

        On a full disk the spool gives up confirmed events that it keeps for a broker that may lose them: the two
        together lose events, which docs/reference/delivery-guarantees.md says. Here they come one after the other.
        """
        self._wait(lambda: self.stored() >= count, 180, f"{count} events do not arrive")

    def _engine_works(self) -> None:
        """Wait until it makes events: a signal before that would end it without a word."""
        size = self.ledger.stat().st_size
        self._wait(lambda: self.ledger.stat().st_size > size, 60, "the engine makes no events")

    def _down(self) -> None:
        time.sleep(self.rng.uniform(0.0, 1.2))

    def _kill_engine(self) -> None:
        self.faults["engine killed"] += 1
        self.engine.kill()
        self._down()
        self.engine.start()

    def _tear_spool(self) -> None:
        """Killed in the middle of a write: the newest segment ends with half a record."""
        self.faults["spool torn"] += 1
        self.engine.kill()
        segments = sorted(self._engine_data.glob("spool/broker/*.seg"))
        if segments:
            record = segments[-1].read_bytes()[-400:]
            with segments[-1].open("ab") as file:
                file.write(record[: self.rng.randrange(1, 200)])
        self.engine.start()

    def _kill_ingester(self) -> None:
        self.faults["ingester killed"] += 1
        self.ingester.kill()
        self._down()
        self.ingester.start()

    def _kill_broker(self) -> None:
        self._arrived(self._given_up)
        self.faults["broker killed, with all it held"] += 1
        self.broker.kill()
        self._down()
        self.broker.start()

    def _kill_database(self) -> None:
        assert self.database is not None
        self.faults["database killed"] += 1
        self.database.kill()
        self._down()
        self.database.start()

    def _pause(self) -> None:
        victims: dict[str, Program | KafkaBroker | ClickHouseServer] = {
            "engine": self.engine, "ingester": self.ingester, "broker": self.broker
        }  # fmt: skip
        if self.database is not None:
            victims["database"] = self.database
        name = self.rng.choice(sorted(victims))
        victim = victims[name]
        self.faults[f"{name} stopped (SIGSTOP)"] += 1
        victim.pause()
        time.sleep(self.rng.uniform(0.5, 4.0))
        victim.resume()

    def _fill_disk(self) -> None:
        assert self._disk is not None
        self._arrived(self.expected())
        self.faults["disk full"] += 1
        ballast = self._disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(2**20))
        time.sleep(self.rng.uniform(0.5, 2.0))
        ballast.unlink()
        self._given_up = self.expected()

    def calm(self, timeout_s: float) -> None:
        """Stop making events, and wait until all that were accepted are stored."""
        self._engine_works()
        self.engine.stop(timeout_s)  # it delivers what is in its spool
        expected = self.expected()
        deadline = time.monotonic() + timeout_s
        while self.stored() < expected and time.monotonic() < deadline:
            time.sleep(0.5)

    def expected(self) -> int:
        """Different events that the engine's sink has accepted."""
        numbers: set[int] = set()
        for first, end in accepted(self.ledger):
            numbers.update(range(first, end))
        return len(numbers)

    def missing(self) -> list[int]:
        """Numbers of accepted events that are not stored."""
        ids = self.ids()
        numbers = {n for first, end in accepted(self.ledger) for n in range(first, end)}
        return sorted(n for n in numbers if str(event(n).event_id) not in ids)

    def ids(self) -> set[str]:
        """Ids of all that is stored."""
        from pipeline.store.backends.open_database import open_database

        config = load_config(self.folder / "ingest.yaml", for_queries=True)
        assert config.store is not None
        database = open_database(config.store, config.data_dir, create=False)
        try:
            found: list[str] = []
            for table in ("plate_reads", "tracks"):
                rows = database.rows(f"SELECT toString(event_id) AS id FROM {table} FINAL")
                found += [str(row["id"]) for row in rows]
        finally:
            database.close()
        assert len(found) == len(set(found)), "an event stands twice in a table"
        return set(found)

    def stored(self) -> int:
        """Different events in the store, 0 while it cannot be asked."""
        from pipeline.app.configured_stores import ConfiguredStores
        from pipeline.app.queries import open_queries
        from pipeline.app.questions import Count
        from pipeline.domain.requester import Requester
        from pipeline.errors import ViapublicaError

        config = load_config(self.folder / "ingest.yaml", for_queries=True)
        assert config.store is not None
        try:
            with open_queries(ConfiguredStores.of_config(config), Requester.of_process()) as store:
                return sum(store.ask(Count(kind=kind)).value for kind in (Kind.PLATE_READ, Kind.TRACK))
        except ViapublicaError:
            return 0

    def engine_log(self, *words: str) -> str:
        """The lines of the engine's log with one of these words."""
        lines = (self.folder / "engine.log").read_text().splitlines()
        return "\n".join(line for line in lines if any(word in line for word in words))

    def stop(self) -> None:
        for program in (self.engine, self.ingester):
            program.stop()
        self.broker.kill()
        if self.database is not None:
            self.database.kill()

    def _wait(self, condition: Callable[[], bool], timeout_s: float, failure: str) -> None:
        until = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < until, f"{failure}: {(self.folder / 'ingest.log').read_text()[-2000:]}"
            time.sleep(0.2)
