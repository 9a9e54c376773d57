"""Plate query: processor time of a lawful one, over HTTP and on the command line, with its audit record on the disk.

The store holds a few events, so the times are those of the program, not of the search. Requests over HTTP are measured
with the event store open from the first one on, as the server does it, and opened for each in the same run.

    python -m benchmarks.plate_query
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import uvicorn

from pipeline.app.access.sign_in import sign_in
from pipeline.app.people.installation import set_up
from pipeline.app.remote.server_address import parse_server
from pipeline.app.remote.server_log_in import sign_in_at
from pipeline.benchmark.results_page import machine, write_table
from pipeline.domain.query_use import QueryLimit, QueryLimits
from pipeline.domain.requester import Requester
from pipeline.http_api.application import create_application
from pipeline.http_api.listening import listening, parse_listen
from pipeline.http_api.service import Service
from pipeline.storage.register_location import note_registry
from tests.app.people.installations import Office, first_answers
from tests.asking import declare_roads
from tests.governance.entries import StoppedClock
from tests.governance.people import PASSWORD
from tests.http_api.persons import People, code_of
from tests.http_api.served_city import GUARD, PLATES, populate, stores_of

RESULTS = Path(__file__).parent / "results" / "plate_query.md"
MEASURES = (
    "pipeline/app/remote",
    "pipeline/http_api",
    "pipeline/app/access",
    "pipeline/app/people",
    "pipeline/audit",
    "pipeline/governance",
)
_REQUESTS: Final = 40
_COMMANDS: Final = 5
_SERVED: Final = 40
_QUESTION: Final = {"purpose": "criminal-investigation", "case": "IP 12/2026", "plates": [PLATES[0]]}
_COMMAND: Final = ("plates", PLATES[0], "--purpose", "criminal-investigation", "--case", "IP 12/2026", "--json")


def main() -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        # Set up an hour ago: a one-time code counts once, and commands go by the machine's clock.
        office = Office(Path(folder) / "city", StoppedClock(time.time_ns() // 1_000_000 - 3_600_000))
        set_up(office.register, office.stores, Requester(user="root"), first_answers(office.clock), office.clock)
        populate(office)
        declare_roads(office.stores.data_dir, *GUARD)
        # First: searches over HTTP would use up what the account may make.
        commands = _on_command_line(office, Path(folder) / "state")
        rows = [*_over_http(office, Path(folder)), commands]
    write_table(
        RESULTS,
        "Plate query",
        "A query for one plate by an analyst in a case: decision, search, audit record with fsync, answer. "
        f"{machine()} Load average before: {load:.1f}; with other work on the machine only the processor times count. "
        "`python -m benchmarks.plate_query`.",
        measures=MEASURES,
        columns=["way", "queries", "processor, ms", "processor p95, ms", "wall p95, ms"],
        rows=rows,
    )


def _over_http(office: Office, folder: Path) -> list[tuple[str, ...]]:
    rows = []
    with office.opened("viapublica") as registry:
        stores = stores_of(office, office.stores.data_dir)
        service = Service(register=office.register, registry=registry, stores=stores)
        object.__setattr__(registry.stores, "query_limits", QueryLimits(QueryLimit(10**5, 10**5)))
        object.__setattr__(stores, "query_limits", QueryLimits(QueryLimit(10**5, 10**5)))
        caio = People(create_application(service), office).logged_in("caio")

        def ask() -> None:
            office.clock.now_ms += 1000
            reply = caio.post("/queries/plates", _QUESTION)
            assert reply.status == 200, reply.body

        def ask_anew() -> None:
            service.close()
            ask()

        with closing(service):
            for name, act in (("HTTP, store held open", ask), ("HTTP, store opened for each", ask_anew)):
                act()
                rows.append(_row(name, [_timed(act, resource.RUSAGE_SELF) for _ in range(_REQUESTS)]))
            rows.append(_against_server(office, service, folder))
    return rows


def _against_server(office: Office, service: Service, folder: Path) -> tuple[str, ...]:
    """Fresh processes of the command line against a server of this process, by a Unix socket."""
    office.clock.now_ms += 60_000
    os.environ["XDG_STATE_HOME"] = str(folder / "state-of-server")
    running = uvicorn.Server(uvicorn.Config(create_application(service), log_config=None, lifespan="off", ws="none"))
    address = parse_listen(f"unix:{folder}/api.sock")
    with listening(address) as opened:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]})
        thread.start()
        server = address.shown(encrypted=False)
        sign_in_at(parse_server(server), "caio", password=PASSWORD, code=code_of(office, "caio"))
        words = [sys.executable, "-m", "pipeline.cli", *_COMMAND, "--server", server]

        def ask() -> None:
            office.clock.now_ms += 1000
            done = subprocess.run(words, check=False, capture_output=True, text=True)
            assert done.returncode in {0, 4}, done.stderr

        ask()
        row = _row("command line with --server", [_timed(ask, resource.RUSAGE_CHILDREN) for _ in range(_SERVED)])
        running.should_exit = True
        thread.join()
    return row


def _on_command_line(office: Office, state: Path) -> tuple[str, ...]:
    """Fresh processes of a person who logged in."""
    office.clock.now_ms = time.time_ns() // 1_000_000
    note_registry(office.stores.data_dir, office.register)
    os.environ["XDG_STATE_HOME"] = str(state)
    with office.opened("root") as opened:
        code = code_of(office, "caio")
        sign_in(opened, office.register, "caio", password=PASSWORD, code=code)
    cameras = [word for name in GUARD for word in ("--camera", name)]
    words = [sys.executable, "-m", "pipeline.cli", *_COMMAND, *cameras, "--data", str(office.stores.data_dir)]

    def ask() -> None:
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    ask()
    return _row("command line", [_timed(ask, resource.RUSAGE_CHILDREN) for _ in range(_COMMANDS)])


def _timed(act: Callable[[], None], who: int) -> tuple[float, float]:
    """Processor and wall time, milliseconds."""
    before, began = resource.getrusage(who), time.monotonic()
    act()
    after = resource.getrusage(who)
    processor_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return processor_s * 1000, (time.monotonic() - began) * 1000


def _row(name: str, times: list[tuple[float, float]]) -> tuple[str, ...]:
    processor, wall = zip(*times, strict=True)
    p95 = [statistics.quantiles(one, n=20)[-1] for one in (processor, wall)]
    return name, str(len(times)), f"{statistics.median(processor):.0f}", f"{p95[0]:.0f}", f"{p95[1]:.0f}"


if __name__ == "__main__":
    main()
