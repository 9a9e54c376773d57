"""Watchdog that ends this process when a library hangs inside a call and lets no Python code run, signals included."""

from __future__ import annotations

import faulthandler
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from pipeline.errors import ConfigError
from pipeline.storage.folders import private_folder

_log = structlog.get_logger(__name__)

LIMIT_S: Final = 120.0
"""No call of a library that works keeps the interpreter for so long; service managers wait 90 s after SIGTERM."""
_SIGNS: Final = 10
"""Signs of life within the limit."""
_HEAD: Final = (
    "viapublica ran no Python code for {limit:g} seconds, because a library did not return from a call, and ended "
    "itself. It answered no signal during that time. Accepted events are on the disk. Stacks of its threads:\n"
)


@contextmanager
def ended_when_hanging(data_dir: Path, limit_s: float = LIMIT_S) -> Iterator[None]:
    """While this lasts, a process that hangs ends with status 1 and leaves its stacks in ``run/hang.txt``.

    The next start logs that it happened. The watchdog is a thread of the C library, which needs no interpreter lock.

    Args:
        data_dir: folder of this program's data.
        limit_s: seconds without any Python code.
    """
    try:
        path = private_folder(data_dir / "run") / "hang.txt"
    except OSError as error:
        raise ConfigError(
            f"data_dir {data_dir}", f"cannot be created: {error.strerror}", "Name a folder that this user may write to"
        ) from error
    head = _HEAD.format(limit=limit_s)
    _report_last(path)
    stopped = threading.Event()
    with path.open("w") as file:
        file.write(head)
        file.flush()

        def sign() -> None:
            while not stopped.is_set():
                faulthandler.dump_traceback_later(limit_s, file=file, exit=True)
                stopped.wait(limit_s / _SIGNS)

        signs = threading.Thread(target=sign, name="watchdog", daemon=True)
        signs.start()
        try:
            yield
        finally:
            stopped.set()
            signs.join(1.0)
            faulthandler.cancel_dump_traceback_later()
    path.unlink(missing_ok=True)


def _report_last(path: Path) -> None:
    """Log that the last run hung, if its stacks are there; they stay until the next start."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return
    if "Thread 0x" in text or "Current thread" in text:
        last = path.with_suffix(".last.txt")
        path.replace(last)
        _log.error("last_run_hung", stacks=str(last), fix="Give the process more memory, or report the stacks")
