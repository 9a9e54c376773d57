"""The server process of the HTTP API."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from pipeline.http_api.listening import ListenAddress, TlsFiles, check_encryption, listening
from pipeline.http_api.service import Service

_MOST_CONNECTIONS: Final = 800
"""Streams of alerts, each one for hours, and requests; a process may have 1,024 files by default."""
_THREADS: Final = 8
"""Requests that are answered at the same time: more would not be faster, and the streams would wait for them."""
_IDLE_CONNECTION_S: Final = 10
_LONGEST_STOP_S: Final = 10
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Cipher suites of TLS 1.2, each with forward secrecy and authenticated encryption; those of TLS 1.3 all are."""
_MOST_HEADER_BYTES: Final = 16 * 1024


def serve(
    app: FastAPI, service: Service, address: ListenAddress, tls: TlsFiles | None, started: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; requests that are being answered are answered first.

    Args:
        app: see `create_application`; service: the installation that it is of.
        address: to listen on; tls: files of TLS, None without.
        started: receives the address when the server takes requests.

    Raises:
        ConfigError: the address or the files cannot be used, or other machines could connect without TLS.
        ViapublicaError: the register cannot be read.
    """
    check_encryption(address, tls)
    service.check()
    with listening(address) as opened:
        if address.path is None:
            address = ListenAddress(address.host, opened.getsockname()[1])
        server = _Server(server_config(app, tls), lambda: started(address.shown(encrypted=tls is not None)))
        before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            server.run(sockets=[opened])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def server_config(app: FastAPI, tls: TlsFiles | None) -> uvicorn.Config:
    """How uvicorn serves an application.

    Args:
        app: see `create_application`; tls: files of TLS, None without.
    """
    return uvicorn.Config(
        app,
        log_config=None,  # the program's own, which redacts
        access_log=False,  # its lines would hold addresses as they were typed
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        http="h11",
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
        log_level="warning",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_IDLE_CONNECTION_S,
        timeout_graceful_shutdown=_LONGEST_STOP_S,
        ssl_certfile=None if tls is None else str(tls.certificate),
        ssl_keyfile=None if tls is None else str(tls.key),
        ssl_ciphers=CIPHERS,
    )


class _Server(uvicorn.Server):
    """Reports when it takes requests."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._report = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        current_default_thread_limiter().total_tokens = _THREADS
        await super().startup(sockets)
        if self.started:
            self._report()


def _ignore(_number: int, _: FrameType | None) -> None:
    """uvicorn raises the signal that stopped it again at its end, when there is nothing left to stop."""
