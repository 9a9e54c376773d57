"""Cameras of a configuration compared with the registry of cameras, which is read again when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import structlog

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.domain.camera_registration import RegisteredCamera
from pipeline.domain.clock import SystemClock
from pipeline.domain.ports import Clock
from pipeline.errors import RegistryError, ViapublicaError
from pipeline.policy.camera_permission import REGISTRY_AWAY, DeclaredUse, NotPermitted, why_not_permitted
from pipeline.storage.register_location import RegistryPlace, registry_place

_REREAD_S: Final = 30.0
"""So often the registry is read although its file seems the same; a database on a server is read each time."""
TRUSTED_S: Final = 300.0
"""So long the entries that were read last count while the registry cannot be read; then no camera may run."""
_LOCK_TIMEOUT_S: Final = 2.0

_log = structlog.get_logger(__name__)


class RegisteredCameras:
    """The registry of cameras of an installation whose people are registered.

    Args:
        place: of the registry; clock: of validity.

    Raises:
        ViapublicaError: it cannot be opened.
    """

    def __init__(self, place: RegistryPlace, clock: Clock | None = None) -> None:
        self._place = place
        self._clock = clock or SystemClock()
        self._stamp: object = None
        self._read_s = float("-inf")
        self._cameras: Mapping[str, RegisteredCamera] = {}
        self._days: Mapping[tuple[str, str], int] = {}
        self._set_up = self._read()

    @classmethod
    def of_config(cls, config: Config, clock: Clock | None = None) -> Self | None:
        """That of a configuration; None in evaluation mode, where no people are registered.

        Raises:
            ViapublicaError: it cannot be opened, or was set up and has no institution.
        """
        place = registry_place(config.register_database, config.data_dir)
        if place is None:
            return None
        found = cls(place, clock)
        if found._set_up:
            return found
        if place.noted:
            raise RegistryError(
                f"registry {place.where}",
                "was set up, and has no institution now, so no camera may run",
                "Restore it from backup, or set it up again: viapublica init",
            )
        return None

    def not_permitted(self, config: Config) -> dict[str, NotPermitted]:
        """The cameras of a configuration that may not run now, by id, with the reason."""
        if away := self._refresh():
            return {camera.id: away for camera in config.cameras}
        now_ms, reader = self._clock.wall_ms(), config.lpr is not None
        found = {}
        for camera in config.cameras:
            declared = _declared(camera, config, plates=reader and camera.reads_plates)
            registered = self._cameras.get(camera.id)
            days = None if registered is None else self._days.get((registered.institution, registered.sector))
            found[camera.id] = why_not_permitted(declared, registered, now_ms, days)
        return {camera_id: why for camera_id, why in found.items() if why is not None}

    def _refresh(self) -> NotPermitted | None:
        """Read the registry if it has changed; why no camera may run when it cannot be read for long."""
        now_s = self._clock.monotonic_s()
        try:
            stamp = file_stamp(self._place.where)
            if stamp is None or stamp != self._stamp or now_s - self._read_s >= _REREAD_S:
                self._read()
        except ViapublicaError as error:
            _log.error("registry_not_read", error=str(error), trusted_s=TRUSTED_S)
            if now_s - self._read_s >= TRUSTED_S:
                reason = "the registry of cameras could not be read for 5 minutes"
                return NotPermitted(REGISTRY_AWAY, reason, "Make it readable; the cameras come back by themselves")
        return None

    def _read(self) -> bool:
        """Read all entries; whether there is an institution."""
        from pipeline.governance.camera_registry import CameraRegistry  # here: SQLAlchemy, which most runs do not need

        stamp = file_stamp(self._place.where)
        with CameraRegistry(
            self._place.where, lambda _: None, self._clock, create=False, lock_timeout_s=_LOCK_TIMEOUT_S
        ) as registry:
            is_set_up = registry.is_set_up
            self._cameras = {one.camera_id: one for one in registry.cameras()}
            self._days = registry.retention_days()
        self._stamp, self._read_s = stamp, self._clock.monotonic_s()
        return is_set_up


def file_stamp(where: str) -> object:
    """What changes with each change of an SQLite file; None for a server, or a file that is not there."""
    try:
        status = Path(where).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _declared(camera: CameraSettings, config: Config, *, plates: bool) -> DeclaredUse:
    return DeclaredUse(
        camera_id=camera.id,
        scope=camera.scope,
        masks=camera.masks,
        plates=plates,
        owner=camera.owner,
        retained_days=_retained_days(camera.id, config),
    )


def _retained_days(camera_id: str, config: Config) -> int | None:
    """Days that personal data of a camera is stored at most, video included; None without limit."""
    events = config.retention.personal_days(camera_id)
    if events is None or config.record is None:
        return events
    return max(events, config.retention.video_days().get(camera_id, config.record.days))
