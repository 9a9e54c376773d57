"""Receivers of alerts on this machine: webhook, SMTP, MQTT and syslog servers that note what they confirm.

Small servers, so that a test decides when they answer, refuse, hang or are killed. Each notes a message before it
confirms it. Started as a program they write the ids to files: ``python -m tests.channels.receivers FOLDER PORT…``.
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Noted:
    """What a receiver got; `note` is called before it confirms."""

    note: Callable[[str], None] = lambda _: None
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 204
    hang_s: float = 0.0
    location: str = ""
    statuses: dict[str, int] = field(default_factory=dict)
    retained: dict[str, bytes] = field(default_factory=dict)

    def take(self, text: str, body: bytes) -> None:
        for found in dict.fromkeys(ID.findall(text)):
            self.note(found)
        self.bodies.append(body)

    @property
    def ids(self) -> list[str]:
        return [ID.findall(body.decode(errors="replace"))[0] for body in self.bodies]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    noted: Noted


@contextmanager
def serving(kind: type[socketserver.BaseRequestHandler], noted: Noted, port: int = 0) -> Iterator[int]:
    """A server in threads of this process; its port."""
    server: Any
    if issubclass(kind, BaseHTTPRequestHandler):
        server = ThreadingHTTPServer(("127.0.0.1", port), kind)
        server.daemon_threads = True
    else:
        server = _Server(("127.0.0.1", port), kind)
    server.noted = noted
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class WebhookReceiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        noted: Noted = self.server.noted  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(noted.hang_s)
        if noted.status < 300:
            noted.headers.append({name.lower(): value for name, value in self.headers.items()})
            noted.take(self.headers["webhook-id"], body)
        self.send_response(noted.status)
        if noted.location:
            self.send_header("Location", noted.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class PushReceiver(BaseHTTPRequestHandler):
    """A push service: notes path, headers and encrypted body of what it takes; answers by the path."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        noted: Noted = self.server.noted  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["content-length"]))
        status = noted.statuses.get(self.path, 201)
        if status < 300:
            noted.headers.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
            noted.bodies.append(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class MailReceiver(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        noted: Noted = self.server.noted  # type: ignore[attr-defined]
        self.wfile.write(b"220 receiver\r\n")
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(part)
                if not part:
                    return
                body = b"".join(lines)
                if noted.status >= 500:
                    self.wfile.write(b"554 no\r\n")
                    continue
                noted.take(body.decode(), body)
                self.wfile.write(b"250 taken\r\n")
            elif command == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 receiver\r\n")


class MqttReceiver(socketserver.StreamRequestHandler):
    """The part of MQTT 3.1.1 that a publisher sees: connect, publish with quality 1, ping, disconnect."""

    def handle(self) -> None:
        noted: Noted = self.server.noted  # type: ignore[attr-defined]
        while head := self.rfile.read(1):
            body = self.rfile.read(self._length())
            kind = head[0] >> 4
            if kind == 1:
                self.wfile.write(bytes([0x20, 2, 0, noted.status if noted.status < 10 else 0]))
            elif kind == 3:
                size = int.from_bytes(body[:2], "big")
                topic, number, message = body[2 : 2 + size].decode(), body[2 + size : 4 + size], body[4 + size :]
                if head[0] & 1 and message:
                    noted.retained[topic] = message
                elif head[0] & 1:
                    noted.retained.pop(topic, None)
                if message:
                    noted.take(json.loads(message)["event_id"], message)
                self.wfile.write(b"\x40\x02" + number)
            elif kind == 12:
                self.wfile.write(b"\xd0\x00")
            elif kind == 14:
                return

    def _length(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.rfile.read(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value


class SyslogReceiver(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        noted: Noted = self.server.noted  # type: ignore[attr-defined]
        while True:
            size = b""
            while (char := self.rfile.read(1)) not in {b" ", b""}:
                size += char
            if not size:
                return
            line = self.rfile.read(int(size))
            noted.take(line.decode(), line)


RECEIVERS: dict[str, type[socketserver.BaseRequestHandler]] = {
    "webhook": WebhookReceiver,
    "email": MailReceiver,
    "mqtt": MqttReceiver,
    "syslog": SyslogReceiver,
}


def main(folder: Path, ports: list[int]) -> None:
    """Receivers until they are killed."""

    def noting(name: str) -> Callable[[str], None]:
        file = (folder / f"{name}.ids").open("a", buffering=1)
        return lambda found: print(found, file=file)

    from contextlib import ExitStack

    with ExitStack() as stack:
        for (name, kind), port in zip(RECEIVERS.items(), ports, strict=True):
            stack.enter_context(serving(kind, Noted(noting(name)), port))
        print("ready", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(port) for port in sys.argv[2:]])
