"""Time from a frame's arrival to the channel: RTSP cameras, a zone that is always closed, and a webhook.

Each camera shows a looped clip; whatever moves enters the zone, which begins an incident. An alert has the time at
which the frame arrived in which its condition was met, so that the rule's own waiting time is not part of the figure;
the webhook notes when the request came.

    python -m benchmarks.alert_latency --clip ../shared/data/clips/car-detection.mp4 --models ../shared/models
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from benchmarks.overload import analyzed, options_of_run, running, write_figures
from tests.servers.rtsp import RtspServer, encode_loop, free_port

MEASURES = ("pipeline/engine", "pipeline/alerting", "pipeline/channels", "pipeline/sink/spooled.py")
"""The code that the figures are of."""
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ZONE = "{name: road, kind: restricted, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}"


class Receiver(BaseHTTPRequestHandler):
    """Notes the age of each alert that opens an incident, at its arrival, seconds."""

    ages: list[float] = []  # noqa: RUF012 - of the one server of this program
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        arrived_ms = time.time() * 1000
        alert = json.loads(self.rfile.read(int(self.headers["content-length"])))["data"]
        if alert["rule"] == "zone-entered" and alert["phase"] == "begun":
            self.ages.append((arrived_ms - alert["ts_ms"]) / 1000)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def configuration(server: RtspServer, options: argparse.Namespace, folder: Path, *, port: int, hook: int) -> str:
    entries = "\n".join(
        f"  - {{id: cam-{n}, source: '{server.url(n)}', scope: public-road, analyze_fps: {options.fps}, "
        f"areas: {{zones: [{ZONE}]}}}}"
        for n in range(options.cameras)
    )
    return (
        f"cameras:\n{entries}\ndata_dir: '{folder / 'data'}'\n"
        f"sinks: [{{type: jsonl, path: '{folder / 'events.jsonl'}'}}]\n"
        "alerts: {clear_s: 5, group_s: 0, most_per_hour: 1000}\n"
        f"channels: [{{type: webhook, name: here, url: 'http://127.0.0.1:{hook}/', secret: {{password: {_SECRET}}}, "
        "severity: info, most_per_minute: 60000}]\n"
        f"observability: {{log_level: error, metrics: {{port: {port}}}}}\n"
    )


def measure(options: argparse.Namespace) -> None:
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = encode_loop(folder / "loop.h264", source=options.clip, seconds=20, size=tuple(options.size))
        with RtspServer(loop, mounts=options.cameras) as server:
            config, port = folder / "run.yaml", free_port()
            hook = receiver.server_address[1]
            config.write_text(configuration(server, options, folder, port=port, hook=hook))
            with running(config, port, options.models) as watch:
                time.sleep(10)
                Receiver.ages.clear()
                before = sum(analyzed(watch).values())
                time.sleep(options.minutes * 60)
                rate = (sum(analyzed(watch).values()) - before) / options.minutes / 60
    receiver.shutdown()
    ages = np.array(Receiver.ages)
    if not ages.size:
        raise SystemExit(f"no alert came of {rate:.1f} frames per second: does anything move in the clip?")
    rows: list[list[Any]] = [["frames analyzed per second", round(rate, 1)], ["alerts", ages.size]]
    rows += [[f"{name}, s", round(float(np.quantile(ages, q)), 2)] for name, q in (("median", 0.5), ("p95", 0.95))]
    rows.append(["largest, s", round(float(ages.max()), 2)])
    write_figures(
        options.out / "alert_latency.md",
        f"Frame's arrival to webhook, {options.cameras} RTSP cameras of {options.size[1]}p25, "
        f"analyze_fps {options.fps:g}; from the frame in which a condition that begins an incident was met",
        f"alert_latency --clip {options.clip.name} --cameras {options.cameras} --minutes {options.minutes:g} "
        f"--fps {options.fps:g} --size {options.size[0]} {options.size[1]}",
        rows,
        MEASURES,
    )


def main() -> None:
    arguments = options_of_run(__doc__, cameras=16, minutes=3)
    arguments.add_argument("--fps", type=float, default=2, help="analyzed per second and camera")
    arguments.add_argument("--size", type=int, nargs=2, default=(640, 360), help="width and height of the streams")
    measure(arguments.parse_args())


if __name__ == "__main__":
    main()
