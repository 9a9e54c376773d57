"""Start of the decoder server, and of decoders by it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import structlog

from pipeline.decode.ffmpeg_errors import DecoderCrashed
from pipeline.decode.isolation.decoder_channel import DecoderChannel
from pipeline.decode.isolation.engine_link import DecoderJob
from pipeline.decode.isolation.readiness import readable

_PASSED_ON: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PASSED_ON_BEGINS: Final = ("LC_", "LD_LIBRARY_PATH", "PYTHON", "COVERAGE_")
_FOR_FFMPEG: Final = ("http_proxy", "no_proxy")
"""They may name a password, so that a decoder gets them in its job and no process shows them in its environment."""
_log = structlog.get_logger("pipeline.decode")
_END_S: Final = 2.0
_ANSWER_S: Final = 3.0
"""Time for a running server to fork a decoder, which takes milliseconds; one that takes longer hangs."""
_START_S: Final = 20.0
"""The same for a server that starts with it, on a busy machine."""


class DecoderProcesses:
    """A context manager around the decoder server; safe from any thread.

    The server is started with the first decoder, and again if it has ended or does not answer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._answered = False
        """The present server has started a decoder."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._stop()

    def begin(self, job: DecoderJob) -> DecoderChannel:
        """A decoder that runs a session; the caller closes the channel.

        Raises:
            OSError: it cannot be started.
            DecoderCrashed: neither the server nor a new one answers.
        """
        for _ in range(2):
            channel, server = self._begin(job)
            if channel is not None:
                return channel
            self._replace(server)
        raise DecoderCrashed("could not be started (its server does not answer)")

    def _begin(self, job: DecoderJob) -> tuple[DecoderChannel | None, subprocess.Popen[bytes] | None]:
        """A decoder, or None without an answer in time, and the server that was asked for it."""
        data, control = socket.socketpair(), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lifeline, status = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
        theirs = [data[1].fileno(), control[1].fileno(), lifeline[0], status[1]]
        started, server = "", None
        try:
            try:
                server, timeout_s = self._request(theirs)
            finally:
                data[1].close()
                control[1].close()
                os.close(lifeline[0])
                os.close(status[1])
            if readable(status[0], timeout_s):
                started = os.read(status[0], 256).decode("ascii", "replace")
        finally:
            if not started:
                for mine in (lifeline[1], status[0]):
                    os.close(mine)
                data[0].close()
                control[0].close()
        if not started:
            return None, server
        with self._lock:
            self._answered = self._answered or server is self._server
        return DecoderChannel(data[0], control[0], lifeline[1], status[0], job, started=started), server

    def _request(self, descriptors: list[int]) -> tuple[subprocess.Popen[bytes] | None, float]:
        """The server that was asked for a decoder, and the time it has for its answer."""
        with self._lock:
            if self._requests is not None:
                try:
                    socket.send_fds(self._requests, [b"decoder"], descriptors, socket.MSG_DONTWAIT)
                except (BrokenPipeError, ConnectionResetError, BlockingIOError):
                    self._stop()
                else:
                    return self._server, _ANSWER_S if self._answered else _START_S
            self._requests = self._start()
            socket.send_fds(self._requests, [b"decoder"], descriptors)
            return self._server, _START_S

    def _replace(self, server: subprocess.Popen[bytes] | None) -> None:
        """End a server that did not answer, unless another thread has done so already; its decoders go on."""
        with self._lock:
            if server is not None and server is self._server:
                _log.error("decoder_server_hangs", pid=server.pid, fix="It is started again")
                server.kill()
                self._stop()

    def _start(self) -> socket.socket:
        self._answered = False
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [
                    sys.executable,
                    "-I" if sys.flags.isolated else "-P",
                    "-m",
                    "pipeline.decode.isolation.decoder_server",
                    str(theirs.fileno()),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        return ours

    def _stop(self) -> None:
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        if self._server is not None:
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(_END_S)
            self._server.kill()
            self._server.wait()
            self._server = None


def proxy_variables() -> dict[str, str]:
    """Variables of this process that FFmpeg reads."""
    return {name: os.environ[name] for name in _FOR_FFMPEG if name in os.environ}


def _environment() -> dict[str, str]:
    """Without the variables in which a configuration may have its passwords."""
    chosen = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_BEGINS)
    }
    return {**chosen, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
