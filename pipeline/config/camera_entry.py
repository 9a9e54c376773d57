"""The entry of a new camera in a configuration file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.config_change import ConfigChange
from pipeline.config.load import parse_config
from pipeline.domain.camera import Scope, Surroundings, camera_id_problem
from pipeline.domain.network_address import BadAddress, check_written, is_network_address
from pipeline.errors import ConfigError
from pipeline.storage.yaml_document import BadDocument, read_text
from pipeline.storage.yaml_insert import append_entry, entry_text

__all__ = ["ExtendedConfig", "NewCamera", "extended_config"]

_NEW_FILE: Final = "version: 1\ncameras:\n{camera}sinks:\n  - type: chdb\n"


@dataclass(frozen=True, slots=True)
class NewCamera:
    """A camera to add; the fields are keys of `CameraSettings`, and no field holds a password."""

    id: str
    source: str
    scope: Scope
    name: str = ""
    user: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    surroundings: tuple[Surroundings, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    analyze_fps: float | None = None

    def entry(self) -> dict[str, Any]:
        """Keys and values for the file, without those that are not set."""
        order = ("id", "name", "source", "user", "password_env", "password_file", "scope", "surroundings")
        values = {key: getattr(self, key) for key in (*order, "latitude", "longitude", "analyze_fps")}
        values |= {"scope": self.scope.value, "surroundings": [one.value for one in self.surroundings]}
        return {key: value for key, value in values.items() if value not in (None, "", [])}


class ExtendedConfig(ConfigChange):
    """A checked configuration with a camera more, not yet written."""

    @property
    def camera(self) -> CameraSettings:
        """The new camera."""
        return self.config.cameras[-1]


def extended_config(path: Path, camera: NewCamera, environ: Mapping[str, str] = os.environ) -> ExtendedConfig:
    """The configuration with one camera more; comments and layout of the file stay, a missing file becomes a new one.

    Raises:
        ConfigError: the file, or the camera in it, is not valid.
    """
    if problem := camera_id_problem(camera.id):
        raise ConfigError("id", problem, "Write a short one, such as av-brasil-900")
    try:
        if is_network_address(camera.source):
            check_written(camera.source)
    except BadAddress as error:
        raise ConfigError("--source", error.problem, error.fix) from None
    entry = camera.entry()
    try:
        before = read_text(path) if path.exists() else None
        after = (
            _NEW_FILE.format(camera=entry_text(entry, 2)) if before is None else append_entry(before, "cameras", entry)
        )
    except BadDocument as error:
        raise ConfigError(f"{path}:{error.line}" if error.line else str(path), error.problem, error.fix) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read ({error})", "Name a configuration (YAML)") from None
    return ExtendedConfig(path, before, after, parse_config(after, path, environ))
