"""Permissions of configured cameras by the registry, for runs, checks and snapshots."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.app.audit.audited_operation import audit_record
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.config.settings import Config
from pipeline.domain.camera_stop_rules import StopRule
from pipeline.domain.requester import Requester
from pipeline.engine.camera_permissions import CameraPermissions
from pipeline.engine.registered_cameras import RegisteredCameras
from pipeline.errors import PolicyError
from pipeline.policy.camera_permission import NotPermitted


def run_permissions(config: Config) -> CameraPermissions:
    """The permissions of a run, each change of which is in the audit.

    Raises:
        ViapublicaError: there is a registry, and it cannot be opened.
    """
    record = audit_record(ConfiguredStores.of_config(config).audit_dir)
    return CameraPermissions(RegisteredCameras.of_config(config), record, Requester.of_process().user)


def not_permitted_cameras(config: Config) -> Mapping[str, NotPermitted]:
    """The cameras of a configuration that may not run now, by id; none in evaluation mode.

    Raises:
        ViapublicaError: there is a registry, and it cannot be opened.
    """
    registered = RegisteredCameras.of_config(config)
    return {} if registered is None else registered.not_permitted(config)


def check_permitted(config: Config, camera_id: str) -> None:
    """Require that a camera may run now.

    Raises:
        PolicyError: it may not.
        ViapublicaError: there is a registry, and it cannot be opened.
    """
    if why := not_permitted_cameras(config).get(camera_id):
        raise PolicyError(f"camera {camera_id}", f"may not be viewed: {why.with_article}", why.fix, policy=why.rule)


def check_not_stopped(config: Config, camera_id: str) -> None:
    """Require that the registry has not stopped a camera; one that it does not have yet may be set up.

    Raises:
        PolicyError: it was suspended, its cooperation rescinded, its agreement has expired, or it waits for approval.
        ViapublicaError: there is a registry, and it cannot be opened.
    """
    why = not_permitted_cameras(config).get(camera_id)
    if why is not None and why.rule in set(StopRule):
        raise PolicyError(f"camera {camera_id}", f"may not be viewed: {why.with_article}", why.fix, policy=why.rule)
