"""One image of a camera with every person, face and plate masked, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import AnonymizeSettings
from pipeline.app.anonymize.redaction_networks import NetworkChoice, open_networks
from pipeline.app.anonymize.redaction_run import redact_image
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.decode.lazy_images import image_of
from pipeline.domain.redaction import OverlayText
from pipeline.domain.times import find_zone, format_time
from pipeline.domain.video import EditableImage

__all__ = ["RedactedImage", "redacted_image", "snapshot_overlay"]


@dataclass(frozen=True, slots=True)
class RedactedImage:
    """An image in which persons, faces and plates are masked.

    Attributes:
        pixels: (height, width, 3) uint8, BGR.
        at_ms: when it was received, milliseconds since 1970 UTC.
        objects: number of masked objects by class.
    """

    pixels: npt.NDArray[np.uint8]
    at_ms: int
    objects: Mapping[str, int]


def redacted_image(
    config: Config, camera: CameraSettings, image_of_camera: Callable[[], tuple[EditableImage, int]]
) -> RedactedImage:
    """An image of a camera with every person, face and plate masked, and the overlay of snapshots.

    Args:
        config, camera: of the configuration.
        image_of_camera: an image with the camera's privacy masks, and its time; called once the networks are open.

    Raises:
        SourceError: the camera shows no image.
        ModelError: the network cannot be used.
    """
    settings = AnonymizeSettings(multi_view=True)
    with open_networks(settings, NetworkChoice(models_dir=config.models_dir), copies=1) as networks:
        image, at_ms = image_of_camera()
        text = snapshot_overlay(config, camera, at_ms)
        planes, summary = redact_image(image, networks.detectors, settings, text)
    return RedactedImage(image_of(planes).bgr(), at_ms, dict(summary.objects))


def snapshot_overlay(config: Config, camera: CameraSettings, at_ms: int) -> OverlayText:
    """The overlay of a snapshot: institution, camera, and the time in the zone of the configuration."""
    return OverlayText(config.institution, camera.name or camera.id, format_time(at_ms, find_zone(config.zone)))
