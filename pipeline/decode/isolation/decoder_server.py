"""The decoder server: a process that has loaded FFmpeg and forks a decoder for every session.

It has one thread and opens no media itself, so that nothing a camera sends can crash it, and a fork copies no lock that
another thread holds. The engine starts it by ``python -m pipeline.decode.isolation.decoder_server DESCRIPTOR``.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from pipeline.decode.isolation.decoder_process import run_decoder
from pipeline.decode.isolation.readiness import readable
from pipeline.domain.process_memory import close_process_memory

DESCRIPTORS: Final = 4
"""With each request: data, control, lifeline, status."""
_OOM_SCORE: Final = "500"
"""Of 1000: when memory runs out, the kernel ends a decoder before the engine."""
_F_SETSIG: Final = 10
"""Which signal the kernel sends for a descriptor; the module `fcntl` does not name it. Source: fcntl(2)."""


class DecoderServer:
    """The loop of the server.

    Args:
        engine: a request per message; it ends with the engine.
    """

    def __init__(self, engine: socket.socket) -> None:
        self._engine = engine
        self._poll = select.poll()
        self._poll.register(engine, select.POLLIN)
        self._decoders: dict[int, tuple[int, int]] = {}
        """Process id and status descriptor by descriptor of the process."""

    def serve(self) -> None:
        """Fork decoders until the engine hangs up."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor != self._engine.fileno():
                    self._reap(descriptor)
                elif not self._fork():
                    return

    def _fork(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._engine, 16, DESCRIPTORS)
        if not message:
            return False
        data, control, lifeline, status = descriptors
        try:
            process = os.fork()
        except OSError as error:
            _write(status, f"failed {error.errno}\n")
            os.close(status)
        else:
            if process == 0:
                _decode(data, control, lifeline)
            _write(status, f"pid {process}\n")
            watched = os.pidfd_open(process)
            self._decoders[watched] = process, status
            self._poll.register(watched, select.POLLIN)
        for descriptor in (data, control, lifeline):
            os.close(descriptor)
        return True

    def _reap(self, watched: int) -> None:
        process, status = self._decoders.pop(watched)
        self._poll.unregister(watched)
        os.close(watched)
        _, ended = os.waitpid(process, 0)
        _write(status, f"exit {os.waitstatus_to_exitcode(ended)}\n")
        os.close(status)


def _decode(data: int, control: int, lifeline: int) -> NoReturn:
    """In the forked process: decode, and never return."""
    try:
        for each in sorted(int(path.name) for path in Path("/proc/self/fd").iterdir()):
            if each > 2 and each not in {data, control, lifeline}:
                with suppress(OSError):
                    os.close(each)
        # The kernel ends this process when the engine closes its end, whatever FFmpeg is doing then, stopped or not.
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, _F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
        if readable(lifeline, 0):
            os._exit(0)  # it was closed before
        run_decoder(socket.socket(fileno=data), socket.socket(fileno=control))
    except BaseException:  # noqa: BLE001 - the server's own code must not run twice
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _write(status: int, text: str) -> None:
    with suppress(OSError):  # the engine has gone
        os.write(status, text.encode("ascii"))


def main() -> None:
    """Serve the engine at the descriptor that is the first argument."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(
            ignored, signal.SIG_IGN
        )  # a service manager sends them to every process; the engine ends this one
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")
    close_process_memory()
    gc.collect()
    gc.freeze()
    DecoderServer(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
