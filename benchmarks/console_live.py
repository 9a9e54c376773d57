"""A run with RTSP cameras and its console in Chromium: how old live images and new alerts are when they appear.

A frame's time is when it arrived from the camera: exposure, the camera's encoder and the network come before it. A
image counts when it is painted, an alert when its row is in the list. All runs on this machine.

    python -m benchmarks.console_live --clip ../shared/data/clips/people-walking.mp4 --models ../shared/models
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.alert_latency import ZONE
from benchmarks.overload import options_of_run, running, write_figures
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.demo_people import DemoLogin, add_people
from pipeline.config.load import load_config
from pipeline.domain.clock import SystemClock
from pipeline.governance.login_secrets import totp_code
from pipeline.storage.register_location import register_location
from tests.servers.rtsp import RtspServer, encode_loop, free_port

MEASURES = ("pipeline/console", "pipeline/http_api", "pipeline/app/live_view.py", "pipeline/engine")
"""The code that the figures are of."""
SITUATION = "/console/situation/city-services"
_WATCH = """() => {
  window.times = {};
  window.rows = {};
  const alerts = new EventSource("/incidents/stream/city-services");
  alerts.addEventListener("alert", (event) => {
    const alert = JSON.parse(event.data);
    if (alert.phase === "begun") window.times["incident-" + alert.incident] = alert.ts_ms;
  });
  const rows = () => [...document.querySelectorAll(".incidents li")].map((one) => one.id);
  const before = new Set(rows());
  new MutationObserver(() => {
    for (const one of rows()) if (!before.has(one) && !window.rows[one]) window.rows[one] = Date.now();
  }).observe(document.body, { childList: true, subtree: true });
}"""
_AGES = """() => Object.entries(window.rows).filter(([one]) => window.times[one])
  .map(([one, shown]) => shown - window.times[one])"""
_PAINTED = """() => [...document.querySelectorAll(".tile:not([hidden]) canvas")].map(
  (one) => [Number(one.dataset.ms || 0), Number(one.dataset.painted || 0)])"""


def configuration(server: RtspServer, options: argparse.Namespace, folder: Path, port: int) -> str:
    entries = "\n".join(
        f"  - {{id: cam-{n}, name: 'Rua {n}', source: '{server.url(n)}', scope: public-road, "
        f"analyze_fps: {options.fps}, areas: {{zones: [{ZONE}]}}}}"
        for n in range(options.cameras)
    )
    return (
        f"cameras:\n{entries}\ndata_dir: '{folder / 'data'}'\nsinks: [{{type: chdb, batch_interval_s: 0.2}}]\n"
        "alerts: {clear_s: 3, group_s: 0, most_per_hour: 1000}\n"
        f"observability: {{log_level: error, metrics: {{port: {port}}}}}\n"
    )


@contextmanager
def console(config: Path, port: int) -> Iterator[str]:
    """The console of a configuration, by its command; its address."""
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--config", str(config), "--listen", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def log_in(page: Page, who: DemoLogin) -> None:
    until_s = time.monotonic() + 30
    while True:
        try:
            page.goto("/console/login")
            break
        except Exception:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.5)
    page.fill("#login", who.login)
    page.fill("#password", who.password)
    page.fill("#code", totp_code(who.secret, SystemClock().wall_ms()))
    page.press("#code", "Enter")
    page.wait_for_selector("form.account")


def image_ages(page: Page, address: str, seconds: float) -> list[float]:
    """Seconds from the arrival of a frame to its paint, for every image seen while a page is open."""
    page.goto(address)
    page.wait_for_selector('.tile[data-state="live"]', timeout=60_000)
    found = {}
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        for arrived, painted in page.evaluate(_PAINTED):
            if painted:
                found[arrived, painted] = (painted - arrived) / 1000
        page.wait_for_timeout(40)
    return list(found.values())


def alert_ages(page: Page, seconds: float) -> list[float]:
    """Seconds from the frame of an alert to its row in the open page."""
    page.goto(SITUATION)
    page.wait_for_selector('#connection[data-state="live"]', timeout=30_000)
    page.evaluate(_WATCH)
    page.wait_for_timeout(seconds * 1000)
    return [age / 1000 for age in page.evaluate(_AGES)]


def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        loop = encode_loop(folder / "loop.h264", source=options.clip, seconds=20, size=tuple(options.size))
        server = stack.enter_context(RtspServer(loop, mounts=options.cameras))
        config = folder / "run.yaml"
        config.write_text(configuration(server, options, folder, port))
        loaded = load_config(config)
        stores = ConfiguredStores.of_config(loaded)
        people = add_people(register_location(None, loaded.data_dir), stores, stores.cameras or {})
        operator = next(one for one in people if one.login == "operador")
        stack.enter_context(running(config, port, options.models))
        address = stack.enter_context(console(config, free_port()))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(base_url=address, viewport={"width": 1366, "height": 768})
        log_in(page, operator)
        one = image_ages(page, f"{SITUATION}/cameras/cam-0", options.minutes * 60)
        if options.images:
            page.screenshot(path=options.images / "live.png")
        several = image_ages(page, f"{SITUATION}/wall/4", options.minutes * 60)
        if options.images:
            page.screenshot(path=options.images / "wall.png")
        alerts = alert_ages(page, max(20, options.minutes * 60))
        if options.images:
            page.screenshot(path=options.images / "situation.png")
        browser.close()
    rows: list[list[Any]] = []
    for title, ages in (
        ("one camera, frame to paint", one),
        ("wall of four, frame to paint", several),
        ("alert, frame to its row", alerts),
    ):
        found = np.array(ages or [float("nan")])
        quantiles = ", ".join(f"{np.quantile(found, q):.3f}" for q in (0.5, 0.95, 1.0))
        rows.append([f"{title}: number; median, p95 and largest, s", f"{len(ages)}; {quantiles}"])
    write_figures(
        options.out / "console_live.md",
        f"Live view in Chromium, {options.cameras} RTSP cameras of {options.size[1]}p25, analyze_fps {options.fps:g}",
        f"console_live --clip {options.clip.name} --cameras {options.cameras} --minutes {options.minutes:g}",
        rows,
        MEASURES,
    )


def main() -> None:
    arguments = options_of_run(__doc__, cameras=4, minutes=0.25)
    arguments.add_argument("--fps", type=float, default=5, help="analyzed per second and camera")
    arguments.add_argument("--size", type=int, nargs=2, default=(1280, 720), help="width and height of the streams")
    arguments.add_argument("--images", type=Path, help="folder for screenshots")
    measure(arguments.parse_args())


if __name__ == "__main__":
    main()
