"""Recorder of the cameras of one process: a packet tap and a writing thread for each, and one thread for retention."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Final, Self

import structlog

from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.recording import PacketTap
from pipeline.errors import RecordError, ViapublicaError
from pipeline.record.camera_tap import CameraTap
from pipeline.record.retention import prune
from pipeline.record.segmenter import RecordCounts
from pipeline.record.settings import RecordSettings
from pipeline.storage.folders import private_folder

_PRUNE_LEAST_S: Final = 30.0
"""Shortest time between two retention runs."""
_PRUNE_REST: Final = 20
"""Pause between two retention runs, in durations of the last one."""
_CLOSE_S: Final = 10.0
"""Time for all writers together to write what is queued at the end."""

_log = structlog.get_logger(__name__)


class Recorder:
    """A context manager around the taps of all cameras.

    Nothing in it stops analysis: packets are copied into a queue, and all that can fail or wait happens elsewhere.

    Args:
        settings: with an absolute folder.
        retain: a round of retention; None for `prune` by the settings.

    Raises (when entered):
        RecordError: the folder cannot be created.
    """

    def __init__(self, settings: RecordSettings, retain: Callable[[], object] | None = None) -> None:
        self._settings = settings
        self._retain = retain or partial(prune, settings.dir, settings.days, settings.max_bytes)
        self._taps: dict[str, CameraTap] = {}
        self._closing = threading.Event()
        self._due = threading.Event()
        self._pruner = threading.Thread(target=self._prune, name="record-retention", daemon=True)

    def __enter__(self) -> Self:
        try:
            private_folder(self._settings.dir)
        except OSError as error:
            raise RecordError(
                f"record.dir {self._settings.dir}",
                f"cannot be created: {error.strerror}",
                "Name a folder that this user may write to",
            ) from error
        self._due.set()
        self._pruner.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def tap(self, declaration: CameraDeclaration) -> PacketTap:
        """The tap of a camera; the same one for the same camera until `remove_tap`.

        The declaration is on the disk, beside the camera's segments, before its first packet.
        """
        camera_id = declaration.camera_id
        if camera_id not in self._taps:
            self._taps[camera_id] = CameraTap(declaration, self._settings, self._due.set)
        return self._taps[camera_id]

    def remove_tap(self, camera_id: str) -> None:
        """Write what is queued of a camera and close its file; a later `tap` of the camera is a new one."""
        tap = self._taps.pop(camera_id, None)
        if tap is not None:
            tap.finish()
            tap.join(_CLOSE_S)

    def blind(self, camera_id: str, reason: str) -> None:
        """Record nothing of a camera from now on, for a reason, or with "" record it again; any thread."""
        tap = self._taps.get(camera_id)
        if tap is not None:
            tap.blind(reason)

    def counts(self) -> dict[str, RecordCounts]:
        """Packet counts, by camera."""
        return {camera: tap.counts for camera, tap in dict(self._taps).items()}

    def overloaded(self) -> dict[str, str]:
        """Cameras whose recording loses frames, because encoder or disk is too slow, each with advice; any thread."""
        return {camera: advice for camera, tap in sorted(dict(self._taps).items()) if (advice := tap.advice)}

    def close(self) -> None:
        """Write what is queued, close all files, stop; may be called twice."""
        self._closing.set()
        self._due.set()
        deadline = time.monotonic() + _CLOSE_S
        for tap in self._taps.values():
            tap.finish()
        for tap in self._taps.values():
            tap.join(max(0.0, deadline - time.monotonic()))
        if self._pruner.is_alive():
            self._pruner.join(2.0)

    def _prune(self) -> None:
        while True:
            self._due.wait()
            if self._closing.is_set():
                return
            self._due.clear()
            began = time.monotonic()
            try:
                self._retain()
            except (OSError, ViapublicaError) as error:
                _log.warning("video_retention_failed", error=str(error))
            except Exception:  # noqa: BLE001 - a bug here must not end retention
                _log.exception("video_retention_bug")
            self._closing.wait(max(_PRUNE_LEAST_S, _PRUNE_REST * (time.monotonic() - began)))
