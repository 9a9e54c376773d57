"""The console on a port of this machine, for a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

_WAIT_S = 30.0


@contextmanager
def running(app: FastAPI, port: int = 0) -> Iterator[str]:
    """Serve an application in a thread of this process; its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + _WAIT_S
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        (opened,) = server.servers[0].sockets
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_WAIT_S)
