"""A run's channels without its cameras: adds numbered alerts until all are delivered; for tests that kill it.

``python -m tests.channels.sending_program DATA FIRST COUNT PORT…`` prints the number of each alert that was accepted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from pipeline.config.settings import Config
from pipeline.engine.channel_sinks import channel_sinks
from tests.channels.messages import SECRET
from tests.event_samples import admit_all, alert

_LIMITS: dict[str, Any] = {"most_per_minute": 60_000, "retry_max_s": 0.2, "timeout_s": 2}


def channels_config(data_dir: Path, ports: list[int]) -> Config:
    """A configuration with a channel of each kind to receivers on this machine."""
    here = {"host": "127.0.0.1", **_LIMITS}
    mail = {"sender": "alerts@example.org", "to": ["cco@example.org"], "security": "none"}
    url = f"http://127.0.0.1:{ports[0]}/hook"
    return Config.model_validate(
        {
            "data_dir": data_dir,
            "cameras": [{"id": "cam-1", "source": "video.mp4", "scope": "public-road"}],
            "channels": [
                {"type": "webhook", "name": "webhook", "url": url, "secret": {"password": SECRET}, **_LIMITS},
                {"type": "email", "name": "email", "port": ports[1], **mail, **here},
                {"type": "mqtt", "name": "mqtt", "port": ports[2], "tls": None, **here},
                {"type": "syslog", "name": "syslog", "port": ports[3], "transport": "tcp", **here},
                {"type": "cap", "name": "cap", "sender": "ceic", "severity": "warning", **_LIMITS},
            ],
        }
    )


def main(data_dir: Path, first: int, count: int, ports: list[int]) -> None:
    """Add the alerts, and end when they are delivered."""
    sinks = channel_sinks(channels_config(data_dir, ports), admit_all)
    for number in range(first, count):
        for sink in sinks:
            sink.add([alert(number)])
        print(number, flush=True)
        time.sleep(0.0005)
    while any(sink.status().pending for sink in sinks):
        time.sleep(0.02)
    for sink in sinks:
        sink.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), [int(port) for port in sys.argv[4:]])
