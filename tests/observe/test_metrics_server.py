"""The metrics server under floods of connections."""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.metrics_server import MAX_CONNECTIONS, MetricsServer


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    with MetricsServer(PipelineMetrics(), port=0) as server:
        yield server


def connect(server: MetricsServer, words: bytes) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=20)
    client.sendall(words)
    return client


def own_sockets() -> int:
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.startswith("socket:") for link in links)


@pytest.mark.parametrize("words", [b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: "], ids=["silent", "half-sent"])
def test_a_flood_of_connections_takes_few_threads_and_descriptors_and_scrapes_go_on(
    server: MetricsServer, words: bytes
) -> None:
    threads, sockets = threading.active_count(), own_sockets()
    with contextlib.ExitStack() as clients:
        opened = [clients.enter_context(connect(server, words)) for _ in range(150)]
        for path in ("metrics", "health"):
            with urllib.request.urlopen(f"{server.url}/{path}", timeout=20) as answer:
                assert answer.status == 200
        assert threading.active_count() - threads <= MAX_CONNECTIONS
        assert own_sockets() - sockets <= len(opened) + MAX_CONNECTIONS, "half of them are the clients' own ends"
        assert opened[0].recv(1) == b"", "the oldest were disconnected"


def test_connections_that_end_give_their_places_back(server: MetricsServer) -> None:
    for _ in range(5 * MAX_CONNECTIONS):
        with urllib.request.urlopen(f"{server.url}/health", timeout=20) as answer:
            assert answer.status == 200
    with contextlib.ExitStack() as clients:
        few = [clients.enter_context(connect(server, b"GET /health HTTP/1.0\r\n")) for _ in range(MAX_CONNECTIONS // 2)]
        with urllib.request.urlopen(f"{server.url}/health", timeout=20) as answer:
            assert answer.status == 200
        for client in few:
            client.sendall(b"\r\n")
            assert client.recv(12).startswith(b"HTTP/1.0 200"), "below the limit none is disconnected"
