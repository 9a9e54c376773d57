"""The engine's end of one decoder: what it sends, what it gets, and how it ended."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from pipeline.decode.ffmpeg_errors import DecoderCrashed
from pipeline.decode.isolation import decoder_messages as m
from pipeline.decode.isolation.engine_link import DecoderJob
from pipeline.decode.isolation.readiness import readable

_CHUNK: Final = 1 << 20
_SIGNALS: Final = "SIGABRT SIGBUS SIGFPE SIGILL SIGKILL SIGSEGV SIGSYS SIGTERM SIGTRAP".split()
"""That end a decoder; the words of alerts know them."""
_STATUS_S: Final = 5.0
"""Time for the server to report the end of a decoder that has hung up: it does so at once."""


class DecoderChannel:
    """One decoder process; used by one thread.

    Args:
        data, control: sockets of the decoder.
        lifeline: the decoder ends when it is closed.
        status: the server writes here how the decoder ended.
        job: its session.
        started: what the server has written to `status` when it started the decoder.
    """

    def __init__(
        self, data: socket.socket, control: socket.socket, lifeline: int, status: int, job: DecoderJob, *, started: str
    ) -> None:
        self._data = data
        self._control = control
        self._lifeline = lifeline
        self._status = status
        self._written = started
        self._buffer = m.MessageBuffer()
        self._over = False
        body = pickle.dumps(job)
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended already; `receive` finds that out
            data.sendall(m.LENGTH.pack(len(body)) + body)

    def receive(self, timeout_s: float) -> Iterator[m.FromDecoder]:
        """The messages that have come, or come within the time; none at a timeout.

        Raises:
            DecoderCrashed: it ended without a message of its end, or sent a malformed one.
        """
        if not readable(self._data, timeout_s):
            return
        try:
            data = self._data.recv(_CHUNK)
        except ConnectionResetError:
            data = b""
        if not data:
            self._over = True
            raise DecoderCrashed(self._end())
        self._buffer.add(data)
        try:
            for message in self._buffer.messages():
                self._over = self._over or isinstance(message, m.Ended)
                yield message
        except ValueError as error:
            raise DecoderCrashed(f"sent a malformed message ({error})") from error

    def send(self, message: m.ToDecoder, descriptor: int | None = None) -> None:
        """Send a message; a decoder that has ended gets none."""
        with suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._control, [m.encode(message)], [] if descriptor is None else [descriptor])

    def leave(self, grace_s: float) -> Iterator[m.FromDecoder]:
        """Cancel the session: what it still sends until it has ended, at most so long."""
        if not self._over:
            self.send(m.Cancelled())
        until_s = time.monotonic() + grace_s
        with suppress(DecoderCrashed):
            while not self._over and (left_s := until_s - time.monotonic()) > 0:
                yield from self.receive(left_s)

    def close(self) -> None:
        """End the decoder if it still runs."""
        os.close(self._lifeline)
        os.close(self._status)
        self._data.close()
        self._control.close()

    def _end(self) -> str:
        """How the process ended, in words."""
        text, until_s = self._written, time.monotonic() + _STATUS_S
        while "exit" not in text and (left_s := until_s - time.monotonic()) > 0:
            if readable(self._status, left_s):
                part = os.read(self._status, 256).decode("ascii", "replace")
                if not part:
                    break
                text += part
        lines = dict(line.split() for line in text.splitlines() if line.count(" ") == 1)
        if "failed" in lines:
            return f"could not be started ({os.strerror(int(lines['failed']))})"
        if "exit" not in lines:
            return "ended without a status"
        code = int(lines["exit"])
        if code >= 0:
            return f"ended with status {code}"
        name = next((name for name in _SIGNALS if signal.Signals[name] == -code), f"signal {-code}")
        return f"was killed ({name})" if name in {"SIGKILL", "SIGTERM"} else f"crashed ({name})"
