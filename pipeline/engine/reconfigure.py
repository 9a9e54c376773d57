"""Difference between two configurations, and its application to a running engine, camera by camera."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import structlog
from pydantic import BaseModel

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.engine.camera_factory import CameraFactory
from pipeline.engine.camera_permissions import Found
from pipeline.engine.live_loop import Engine
from pipeline.errors import ViapublicaError

_CAMERA_SECTIONS: Final = ("decode", "analytics")
"""Sections that belong to no network and no sink: a change applies to every camera, which is restarted."""
_UNUSED_SECTIONS: Final = frozenset({"version", "institution", "local_law", "ingest", "register_database"})
"""Sections that `viapublica run` does not read."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """Difference between two configurations.

    Attributes:
        added, removed, changed, unchanged: camera ids, in the order of the configuration that names them.
        needs_restart: dotted keys whose change takes effect only at the next start.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconfiguration:
    """Result of applying a configuration.

    Attributes:
        change: the difference to the configuration before.
        failed: cameras that could not be removed or added, with the reason.
    """

    change: ConfigChange
    failed: dict[str, str] = field(default_factory=dict)


def compare_configs(old: Config, new: Config) -> ConfigChange:
    """What has to be done to get from one configuration to another."""
    before, after = _by_id(old), _by_id(new)
    restart_all = any(getattr(old, section) != getattr(new, section) for section in _CAMERA_SECTIONS)
    common = [camera_id for camera_id in after if camera_id in before]
    changed = tuple(id_ for id_ in common if restart_all or before[id_] != after[id_])
    sections = set(Config.model_fields) - {"cameras", *_CAMERA_SECTIONS, *_UNUSED_SECTIONS}
    return ConfigChange(
        added=tuple(camera_id for camera_id in after if camera_id not in before),
        removed=tuple(camera_id for camera_id in before if camera_id not in after),
        changed=changed,
        unchanged=tuple(camera_id for camera_id in common if camera_id not in changed),
        needs_restart=tuple(sorted(key for name in sections for key in _differing_keys(old, new, name))),
    )


class Reconfigurator:
    """Applies configurations to a running engine; one at a time, from any thread but the engine's own.

    Args:
        engine: the running engine.
        factory: builds its cameras.
        config: the configuration that it is to run; `start` adds its cameras.
        prepare: called with the configuration before any camera is touched; loads what the new cameras need.
    """

    def __init__(
        self, engine: Engine, factory: CameraFactory, config: Config, prepare: Callable[[Config], None]
    ) -> None:
        self._engine = engine
        self._factory = factory
        self._wanted = config
        self._config = config.model_copy(update={"cameras": ()})
        """What runs: without the cameras that the registry does not permit."""
        self._failed = False
        """A camera could not be removed or added; `recheck` tries again."""
        self._prepare = prepare
        self._lock = threading.Lock()

    def start(self) -> None:
        """Add the cameras of the configuration that may run.

        Raises:
            ViapublicaError: a camera cannot be used, or the audit does not take the record of the start.
        """
        permissions = self._engine.permissions
        found = permissions.adopt(permissions.check(self._wanted), self._wanted, start=True)
        permissions.announce()
        self._config = _permitted(self._wanted, found)
        for camera in self._config.cameras:
            self._engine.add_camera(self._factory.build(self._config, camera))

    def recheck(self) -> None:
        """Ask the registry again: cameras that may not run any more are removed, those that may again are added.

        Raises:
            ViapublicaError: as `apply`; the next call tries again.
        """
        with self._lock:
            found = self._engine.permissions.check(self._wanted)
            if self._failed or self._engine.permissions.differs(found):
                self._bring(self._wanted)

    def apply(self, new: Config) -> Reconfiguration:
        """Remove, replace and add cameras until the engine runs those of `new`; the others are not interrupted.

        A changed camera is removed and added again: its tracks are closed and its events sent before it starts anew.

        Raises:
            ViapublicaError: a new camera or what it needs cannot be used, or the run is ending; nothing was changed.
        """
        with self._lock:
            return self._bring(new)

    def _bring(self, new: Config) -> Reconfiguration:
        """See `apply`."""
        wanted = self._config.model_copy(
            update={"cameras": new.cameras, **{section: getattr(new, section) for section in _CAMERA_SECTIONS}}
        )
        with self._engine.cameras.changing():
            self._prepare(wanted)
            permissions = self._engine.permissions
            found = permissions.adopt(permissions.check(wanted), wanted)
            self._wanted = wanted
            target = _permitted(wanted, found)
            change = compare_configs(self._config, _permitted(new, found))
            failed = self._apply(change, target)
            permissions.announce()
        self._failed = bool(failed)
        running = {camera.camera_id for camera in self._engine.cameras if not camera.leaving.is_set()}
        cameras = tuple(camera for camera in target.cameras if camera.id in running)
        self._config = target.model_copy(update={"cameras": cameras})
        _log.info("configuration_applied", **{name: list(getattr(change, name)) for name in change.__slots__})
        denied = {one: f"{one}: does not run: {why.with_article}. {why.fix}" for one, why in found.items()}
        return Reconfiguration(change, failed | denied)

    def _apply(self, change: ConfigChange, target: Config) -> dict[str, str]:
        failed: dict[str, str] = {}
        cameras = _by_id(target)
        leaving = [self._engine.dismiss_camera(camera_id) for camera_id in change.removed]
        for camera in leaving:  # all of them stop before the first one is waited for
            try:
                self._engine.await_left(camera)
                self._factory.dismantle(camera.camera_id)
            except ViapublicaError as error:
                failed[camera.camera_id] = str(error)
                _log.error("camera_not_changed", camera=camera.camera_id, error=str(error))
        for camera_id in (*change.changed, *change.added):
            try:
                if camera_id not in change.added:
                    self._engine.remove_camera(camera_id)
                    self._factory.dismantle(camera_id)
                self._engine.add_camera(self._factory.build(target, cameras[camera_id]))
            except ViapublicaError as error:
                failed[camera_id] = str(error)
                _log.error("camera_not_changed", camera=camera_id, error=str(error))
        return failed


def _permitted(config: Config, found: Found) -> Config:
    """The configuration less the cameras that may not run."""
    return config.model_copy(update={"cameras": tuple(one for one in config.cameras if one.id not in found)})


def _by_id(config: Config) -> dict[str, CameraSettings]:
    return {camera.id: camera for camera in config.cameras}


def _differing_keys(old: BaseModel, new: BaseModel, name: str, prefix: str = "") -> Iterator[str]:
    """Dotted keys below a field in which two models differ; lists are one key."""
    a, b = getattr(old, name), getattr(new, name)
    if a == b:
        return
    if isinstance(a, BaseModel) and type(a) is type(b):
        for inner in type(a).model_fields:
            yield from _differing_keys(a, b, inner, f"{prefix}{name}.")
    else:
        yield f"{prefix}{name}"
