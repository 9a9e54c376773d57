"""Memory and open files that a run needs, checked before its networks are loaded."""

from __future__ import annotations

from typing import Final

from pipeline.config import Config
from pipeline.domain.plural import counted
from pipeline.storage.process_limits import GIGABYTE, check_limits
from pipeline.store.backends.chdb import EMBEDDED_STORE_MEMORY

_MEMORY: Final = GIGABYTE * 3 // 2
"""Of a run with its networks and without cameras."""
_MEMORY_PER_CAMERA: Final = GIGABYTE // 10
_FILES: Final = 160
_FILES_PER_CAMERA: Final = 8


def check_run(config: Config) -> None:
    """Refuse a run that cannot work within the limits of this process.

    Raises:
        LimitTooLow: with the limit and what the run needs.
    """
    embedded = any(sink.type == "chdb" for sink in config.sinks)
    cameras = len(config.cameras)
    check_limits(
        f"a run of {counted(cameras, 'camera')}",
        memory=max(_MEMORY, EMBEDDED_STORE_MEMORY if embedded else 0) + cameras * _MEMORY_PER_CAMERA,
        open_files=_FILES + cameras * _FILES_PER_CAMERA,
    )
