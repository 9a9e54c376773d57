"""Confirmation of a camera's privacy masks for the view that it has now, and the state of the views of all cameras."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.app.camera_setup import Snapshot, camera_of, check_image_target, permitted_view, redacted_still
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.source_address import parse_address
from pipeline.decode.stream_probe import images_of_view
from pipeline.domain.confirmed_view import ViewRecord, ViewState
from pipeline.domain.operation import Operation
from pipeline.domain.video import EditableImage
from pipeline.engine.camera_factory import is_live
from pipeline.engine.view_reference import LEAST_SAMPLES, ViewReference
from pipeline.errors import ConfigError, SourceError
from pipeline.storage.confirmed_views import ConfirmedViews

__all__ = ["CameraView", "Snapshot", "ViewState", "camera_views", "confirm_view"]

_STEP_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class CameraView:
    """The view of a camera, as a run has it.

    Attributes:
        camera_id: the camera; masks: how many privacy masks it has.
        record: its state; None where no run has begun to learn it, or where it is a file.
    """

    camera_id: str
    masks: int
    record: ViewRecord | None

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        view = None if self.record is None else self.record.as_json()
        return {"camera_id": self.camera_id, "masks": self.masks, "view": view}


def camera_views(path: Path) -> list[CameraView]:
    """The views of the cameras of a configuration.

    Raises:
        ConfigError: it is not valid, or a stored view cannot be read.
    """
    config = load_config(path, for_queries=True)
    views = ConfirmedViews(config.data_dir)
    found = []
    for camera in config.cameras:
        stored = views.read(camera.id)
        found.append(CameraView(camera.id, len(camera.masks), None if stored is None else stored.record))
    return found


def confirm_view(path: Path, camera_id: str, target: Path, agrees: Callable[[Snapshot], bool]) -> CameraView | None:
    """Have a person compare the masks of a camera with its present view, and store that view as the confirmed one.

    The stored view is that of the same connection as the image: what a camera shows later is compared with it.

    Args:
        path: the configuration; camera_id: a live camera of it.
        target: file of the image, redacted, with the outlines of the masks.
        agrees: asks the person, who sees the image.

    Returns:
        The confirmed view; None where the person does not agree, and nothing was changed.

    Raises:
        ConfigError: the configuration is not valid, has no such camera, or it is a file.
        SourceError: the camera shows no image, too few edges, or moves.
        PolicyError: the person may not; AuditUnavailable: the audit takes no record.
    """
    check_image_target(target)
    config = load_config(path)
    camera = camera_of(config, path, camera_id)
    if not is_live(config, camera):
        raise ConfigError(f"camera {camera_id}", "is recorded video, whose view is not watched", "Nothing is needed")
    audit = permitted_view(config, camera, "confirm-view")
    found: list[ViewReference] = []

    def image_of_view() -> tuple[EditableImage, int]:
        reference, image = _present_view(config, camera)
        found.append(reference)
        return image, time.time_ns() // 1_000_000

    still = redacted_still(config, camera, image_of_view, target, grid=True)
    if not agrees(still):
        return None
    facts: dict[str, Any] = {"cameras": (camera.id,), "details": {"action": "confirm-view"}}
    with audit.doing(Operation.CAMERA_REGISTRATION, **facts):
        now_ms = time.time_ns() // 1_000_000
        record = ViewRecord(ViewState.CONFIRMED, now_ms, now_ms, audit.requester.user)
        _store(ConfirmedViews(config.data_dir), camera.id, record, found[0])
    return CameraView(camera.id, len(camera.masks), record)


def _present_view(config: Config, camera: CameraSettings) -> tuple[ViewReference, EditableImage]:
    address = parse_address(camera.id, camera.source, config.decode.protocols)
    burner = MaskBurner(camera.masks)
    images = images_of_view(
        camera.id, address, config.decode, camera.input_options, burner, count=LEAST_SAMPLES, step_s=_STEP_S
    )
    newest: list[EditableImage] = []

    def noted() -> Any:
        for image in images:
            newest[:] = [image]
            yield image

    reference = ViewReference.of_images(noted(), camera.masks, camera.ignore)
    if reference is None:
        raise SourceError(
            f"camera {camera.id}",
            "shows too few edges to recognize its view again, or is being moved",
            "Confirm it while the camera stands still, and in daylight or lamplight",
        )
    return reference, newest[0]


def _store(views: ConfirmedViews, camera_id: str, record: ViewRecord, reference: ViewReference) -> None:
    try:
        views.write(camera_id, record, reference.as_bytes())
    except OSError as error:
        raise ConfigError(
            f"view of camera {camera_id}", f"cannot be stored: {error.strerror}", "Check rights and disk"
        ) from error
