"""A small RTSP server whose every answer and packet a test chooses: for cameras that are broken or hostile."""

from __future__ import annotations

import base64
import contextlib
import itertools
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

_PAYLOAD = 1300
SPS, PPS, IDR, SLICE = 7, 8, 5, 1

Packet = tuple[int, bytes]
"""RTP timestamp at 90 kHz and NAL unit."""


def nal_units(annex_b: bytes) -> list[bytes]:
    """The NAL units of an H.264 file."""
    return [unit for unit in annex_b.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]


def kind(nal: bytes) -> int:
    """Its `nal_unit_type`."""
    return nal[0] & 31


def describe(nals: Iterable[bytes], media: str = "", title: bytes = b"camera") -> bytes:
    """An SDP for H.264, or with other lines of `media`."""
    first = {kind(nal): nal for nal in reversed(list(nals))}
    sets = ",".join(base64.b64encode(first[number]).decode() for number in (SPS, PPS) if number in first)
    media = media or (
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n"
    )
    head = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=" + title + b"\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
    return head + media.encode() + b"a=control:t0\r\n"


def played(nals: list[bytes], step: int = 9000, start: int = 0) -> Iterator[Packet]:
    """The units over and over, `step` ticks of 90 kHz from frame to frame."""
    stamp = start
    for nal in itertools.cycle(nals):
        yield stamp & 0xFFFFFFFF, nal
        if kind(nal) in {IDR, SLICE}:
            stamp += step


class ScriptedRtsp:
    """The server; a context manager.

    Args:
        nals: units of the stream that it describes.
        packets: what it sends, made anew for each connection; `played(nals)` by default.
        answers: whole answers by method instead of its own, with ``{cseq}`` and ``{port}``.
        sdp: its description.
        pause_s: after each frame.
        certificate: of rtsps.
        after: bytes that are sent as they are after every frame.
    """

    def __init__(
        self,
        nals: list[bytes],
        *,
        packets: Callable[[], Iterable[Packet]] | None = None,
        answers: Mapping[str, bytes] | None = None,
        sdp: bytes | None = None,
        pause_s: float = 0.03,
        certificate: Path | None = None,
        after: bytes = b"",
    ) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self._packets = packets or (lambda: played(nals))
        self._answers = answers or {}
        self._sdp = describe(nals) if sdp is None else sdp
        self._pause_s = pause_s
        self._after = after
        self._context: ssl.SSLContext | None = None
        if certificate is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def url(self, path: str = "x", login: str = "") -> str:
        """Its address."""
        return f"{'rtsps' if self._context else 'rtsp'}://{login}127.0.0.1:{self.port}/{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        received = b""
        while data := connection.recv(4096):
            received += data
            while b"\r\n\r\n" in received:
                request, received = received.split(b"\r\n\r\n", 1)
                self._answer(connection, request)

    def _answer(self, connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"RTSP/"):
            return  # an answer of the client
        self.requests.append(request)
        method = request.split()[0].decode()
        cseq = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"cseq"))
        if method in self._answers:
            scripted = self._answers[method].replace(b"{cseq}", cseq).replace(b"{port}", str(self.port).encode())
            connection.sendall(scripted)
            return
        head, body = b"RTSP/1.0 200 OK\r\n" + cseq + b"\r\n", b""
        if method == "OPTIONS":
            head += b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
        elif method == "DESCRIBE":
            body = self._sdp
            head += b"Content-Type: application/sdp\r\nContent-Length: " + str(len(body)).encode() + b"\r\n"
        elif method == "SETUP":
            head += b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        connection.sendall(head + b"\r\n" + body)
        if method == "PLAY":
            threading.Thread(target=self._send, args=(connection,), daemon=True).start()

    def _send(self, connection: socket.socket) -> None:
        sequence = 0
        with contextlib.suppress(OSError):
            for stamp, nal in self._packets():
                final = kind(nal) in {IDR, SLICE} if nal else True
                parts = list(_fragments(nal))
                for number, part in enumerate(parts):
                    marker = 0x80 if final and number == len(parts) - 1 else 0
                    packet = struct.pack(">BBHII", 0x80, 96 | marker, sequence & 0xFFFF, stamp, 1) + part
                    sequence += 1
                    connection.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
                if final:
                    connection.sendall(self._after)
                    time.sleep(self._pause_s)
            connection.shutdown(socket.SHUT_RDWR)


def _fragments(nal: bytes) -> Iterator[bytes]:
    """Payloads of RTP for one unit (RFC 6184: FU-A above the packet size)."""
    if len(nal) <= _PAYLOAD:
        yield nal
        return
    body = nal[1:]
    for at in range(0, len(body), _PAYLOAD):
        edge = (0x80 if at == 0 else 0) | (0x40 if at + _PAYLOAD >= len(body) else 0)
        yield bytes([(nal[0] & 0xE0) | 28, edge | kind(nal)]) + body[at : at + _PAYLOAD]
