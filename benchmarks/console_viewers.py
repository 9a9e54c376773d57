"""Many people at the console: each follows the alerts of their body and opens the situation again and again.

Four bodies have cameras of their own; the store belongs to a process that adds alerts, as a run does. A viewer does
what a browser does: it holds the stream, and fetches the inbox when there is something new.

    python -m benchmarks.console_viewers --viewers 200 --minutes 5
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.console_city import make_city
from benchmarks.overload import write_figures
from pipeline.observe.process_tree import processor_seconds
from tests.servers.rtsp import free_port

MEASURES = ("pipeline/console", "pipeline/http_api", "pipeline/app/alerts", "pipeline/app/people")
"""The code that the figures are of."""
SITUATION = "/console/situation/city-services"
_JITTER_S, _APART_S = 0.4, 1.5  # as console.js has them


@dataclass
class Figures:
    """What the viewers saw: seconds of pages and inboxes, seconds from an alert's time to its sign, errors."""

    pages: list[float] = field(default_factory=list)
    inboxes: list[float] = field(default_factory=list)
    signs: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Viewer:
    """One person at a browser.

    Args:
        address: of the server; session: of the person; figures: get what they see; every_s: between two pages.
    """

    def __init__(self, address: str, session: str, figures: Figures, every_s: float) -> None:
        limits = httpx.Limits(max_connections=3)
        self._client = httpx.AsyncClient(
            base_url=address, cookies={"viapublica-session": session}, timeout=30, limits=limits
        )
        self._figures = figures
        self._every_s = every_s
        self._news = asyncio.Event()

    async def watch(self) -> None:
        """Follow, open pages and fetch inboxes, until cancelled."""
        async with self._client, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._open_pages())
            tasks.create_task(self._fetch_inboxes())

    async def _follow(self) -> None:
        last = ""
        while True:
            headers = {"Last-Event-ID": last} if last else {}
            try:
                async with self._client.stream("GET", f"{SITUATION}/stream", headers=headers, timeout=None) as reply:
                    if reply.status_code != 200:
                        self._figures.errors.append(f"stream {reply.status_code}")
                    async for line in reply.aiter_lines():
                        if line.startswith("id: "):
                            last = line.removeprefix("id: ")
                            self._figures.signs.append(time.time() - int(last.split("-")[0]) / 1000)
                            self._news.set()
                self._figures.errors.append("a stream ended")
            except httpx.HTTPError as error:
                self._figures.errors.append(f"stream {type(error).__name__}")
            await asyncio.sleep(1)

    async def _open_pages(self) -> None:
        await asyncio.sleep(random.uniform(0, self._every_s))
        while True:
            await self._timed(SITUATION, self._figures.pages)
            await asyncio.sleep(random.uniform(0.5, 1.5) * self._every_s)

    async def _fetch_inboxes(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(random.uniform(0, _JITTER_S))
            self._news.clear()
            await self._timed(f"{SITUATION}/inbox", self._figures.inboxes)
            await asyncio.sleep(_APART_S)

    async def _timed(self, path: str, into: list[float]) -> None:
        begin = time.monotonic()
        try:
            status = (await self._client.get(path)).status_code
        except httpx.HTTPError as error:
            self._figures.errors.append(type(error).__name__)
            return
        into.append(time.monotonic() - begin)
        if status != 200:
            self._figures.errors.append(f"{path} {status}")


async def visit(address: str, sessions: list[str], options: argparse.Namespace) -> Figures:
    """All viewers for the time; the first seconds, in which they come, do not count."""
    figures = Figures()
    viewers = [Viewer(address, one, figures, options.page_every) for one in sessions]
    tasks = []
    for viewer in viewers:
        tasks.append(asyncio.create_task(viewer.watch()))
        await asyncio.sleep(0.03)
    await asyncio.sleep(5)
    for name in ("pages", "inboxes", "signs"):
        getattr(figures, name).clear()
    await asyncio.sleep(options.minutes * 60)
    ended = [task.exception() for task in tasks if task.done()]
    figures.errors += [f"viewer ended: {error!r}" for error in ended]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return figures


def started(command: list[str], stack: ExitStack) -> subprocess.Popen[str]:
    """A process that has said that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.console_city", *command], stdout=subprocess.PIPE, text=True
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    assert process.stdout is not None
    process.stdout.readline()
    threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()  # its log, which must not wait
    return process


def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name) / "city"
        sessions = make_city(folder, options.viewers)
        port = free_port()
        processes = [
            started(["alerts", str(folder), str(options.alert_every)], stack),
            started(["server", str(folder), str(port)], stack),
        ]
        of_processes = [Path(f"/proc/{one.pid}") for one in processes]
        begin, before = time.monotonic(), [processor_seconds(one) for one in of_processes]
        figures = asyncio.run(visit(f"http://127.0.0.1:{port}", sessions, options))
        seconds = time.monotonic() - begin
        used = [(processor_seconds(one) - at) / seconds for one, at in zip(of_processes, before, strict=True)]
        memory_mb = psutil.Process(processes[1].pid).memory_info().rss / 1e6
    rows: list[list[Any]] = [["errors", len(figures.errors)]]
    for title, values in (("a page", figures.pages), ("the inbox", figures.inboxes), ("alert to sign", figures.signs)):
        found = np.array(values or [float("nan")])
        quantiles = ", ".join(f"{np.quantile(found, q):.2f}" for q in (0.5, 0.95, 1.0))
        rows.append([f"{title}: number; median, p95 and largest, s", f"{len(values)}; {quantiles}"])
    rows.append(["processor cores used by the store's process, and by the server", f"{used[0]:.2f}; {used[1]:.2f}"])
    rows.append(["memory of the server, MB", round(memory_mb)])
    print(Counter(figures.errors))
    write_figures(
        options.out / "console_viewers.md",
        f"{options.viewers} viewers of four bodies with 16 cameras, each with a stream of alerts, a page every "
        f"{options.page_every:g} s on average; an alert every {options.alert_every:g} s",
        f"console_viewers --viewers {options.viewers} --minutes {options.minutes:g} "
        f"--page-every {options.page_every:g} --alert-every {options.alert_every:g}",
        rows,
        MEASURES,
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--viewers", type=int, default=200)
    arguments.add_argument("--minutes", type=float, default=5)
    arguments.add_argument("--page-every", type=float, default=60, help="seconds between two pages of a viewer")
    arguments.add_argument("--alert-every", type=float, default=10, help="seconds between two alerts")
    arguments.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    measure(arguments.parse_args())


if __name__ == "__main__":
    main()
