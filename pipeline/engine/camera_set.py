"""Cameras of a running engine: added and removed from any thread, read without waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.engine.running_camera import RunningCamera
from pipeline.errors import ConfigError


class CameraSet:
    """Cameras by id. Every method is safe from any thread.

    The set is open until the run ends: `close_when_over` closes it once all feeds have finished, unless a change is
    going on (`changing`), so that replacing the last camera does not end the run.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Replaced as a whole at each change, so that readers need no lock.
        self._cameras: dict[str, RunningCamera] = {}
        self._started = False
        self._closed = False
        self._changes = 0

    def __iter__(self) -> Iterator[RunningCamera]:
        return iter(self._cameras.values())

    def is_live(self, camera_id: str) -> bool:
        """Whether a camera of this id runs, and is a live one."""
        camera = self.get(camera_id)
        return camera is not None and camera.feed.source.live

    def get(self, camera_id: str) -> RunningCamera | None:
        """The camera of that id."""
        return self._cameras.get(camera_id)

    def add(self, camera: RunningCamera, before_start: Callable[[], None]) -> None:
        """Add a camera, and start its feed if the others run.

        Args:
            camera: not in the set yet.
            before_start: called once the camera is accepted and before its first frame.

        Raises:
            ConfigError: the id is taken, or the run is ending.
        """
        with self._lock:
            self._check_open()
            if camera.camera_id in self._cameras:
                raise ConfigError(camera.camera_id, "is running already", "Remove the running camera of that id first")
            before_start()
            self._cameras = {**self._cameras, camera.camera_id: camera}
            if self._started:
                camera.feed.start()

    def drop(self, camera: RunningCamera) -> None:
        """Remove a camera and wake up threads that wait for that."""
        with self._lock:
            self._cameras = {key: other for key, other in self._cameras.items() if other is not camera}
        camera.left.set()

    def start(self) -> None:
        """Start all feeds; those of cameras added later start when they are added."""
        with self._lock:
            self._started = True
            for camera in self:
                camera.feed.start()

    @property
    def started(self) -> bool:
        """`start` was called."""
        return self._started

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep the set open in the `with` block, even while it is empty.

        Raises:
            ConfigError: the run is ending.
        """
        with self._lock:
            self._check_open()
            self._changes += 1
        try:
            yield
        finally:
            with self._lock:
                self._changes -= 1

    def close_when_over(self) -> bool:
        """Close the set if every feed has finished and no change is going on; whether it is closed."""
        with self._lock:
            self._closed = self._closed or (not self._changes and all(camera.feed.finished for camera in self))
            return self._closed

    def close(self) -> None:
        """Refuse further cameras."""
        with self._lock:
            self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigError("cameras", "cannot be changed: the run is ending", "Start it again")
