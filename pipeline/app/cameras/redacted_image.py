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
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.decode.source_address import parse_address
from pipeline.decode.stream_probe import first_image
from pipeline.domain.redaction import OverlayText
from pipeline.domain.times import find_zone, format_time
from pipeline.domain.video import EditableImage

__all__ = ["RedactedImage", "present_image", "redacted_image", "snapshot_overlay"]


@dataclass(frozen=True, slots=True)
class RedactedImage:
    """An image in which persons, faces and plates are masked.

    Attributes:
        pixels: (height, width, 3) uint8, BGR.
        at_ms: when it was received, or recorded, milliseconds since 1970 UTC; None where that is not known.
        objects: number of masked objects by class.
    """

    pixels: npt.NDArray[np.uint8]
    at_ms: int | None
    objects: Mapping[str, int]


def redacted_image(
    config: Config, camera: CameraSettings, image_of_camera: Callable[[], tuple[EditableImage, int | None]]
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


def present_image(config: Config, camera: CameraSettings) -> Callable[[], tuple[EditableImage, int | None]]:
    """What gives the first image of a camera with its privacy masks, and its time; see `first_image`.

    Args:
        config, camera: of the configuration; its `start_time` is the time of a file.

    Raises:
        SourceError: the source of the camera is no address.
    """
    address = parse_address(camera.id, camera.source, config.decode.protocols)

    def first() -> tuple[EditableImage, int | None]:
        burner = MaskBurner(camera.masks)
        image, at_ms = first_image(camera.id, address, config.decode, camera.input_options, burner)
        return image, camera.start_ms if address.path is not None and camera.start_ms is not None else at_ms

    return first


def snapshot_overlay(config: Config, camera: CameraSettings, at_ms: int | None) -> OverlayText:
    """The overlay of a snapshot: institution, camera, and the time, where it is known, in the configuration's zone."""
    time = "" if at_ms is None else format_time(at_ms, find_zone(config.zone))
    return OverlayText(config.institution, camera.name or camera.id, time)
