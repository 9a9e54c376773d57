"""A person who draws masks, areas and the calibration of one camera on a still image, and the file that they change."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import cv2

from pipeline.analytics.calibration_error import CheckLength
from pipeline.app.camera_setup import camera_of, permitted_view
from pipeline.app.cameras.camera_calibration import (
    RecordedPaths,
    judged_ground,
    measured_ground,
    paths_meeting,
    recorded_paths,
    write_camera_change,
)
from pipeline.app.cameras.redacted_image import present_image, redacted_image
from pipeline.config.camera_drawing import CameraDrawing, DrawingFlaw, drawing_change, drawing_flaws
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.config_change import ConfigChange
from pipeline.config.load import load_config, parse_config
from pipeline.config.settings import Config
from pipeline.decode.lazy_images import masked
from pipeline.decode.media_files import read_image
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.domain.polygon import Corner
from pipeline.domain.traffic_areas import TrafficAreas
from pipeline.domain.video import EditableImage
from pipeline.errors import ConfigError
from pipeline.storage.yaml_document import read_text

__all__ = ["CameraDrawing", "DrawingFlaw", "DrawingSession", "FlawedDrawing", "StaleDrawing", "Still", "open_drawing"]

_QUALITY: Final = 90
_SAME_SHAPE: Final = 0.01
_DIGEST_DIGITS: Final = 16


class FlawedDrawing(ConfigError):
    """A drawing that cannot be stored."""

    def __init__(self, flaws: list[DrawingFlaw]) -> None:
        super().__init__("drawing", flaws[0].message, "Correct it on the image")
        self.flaws = flaws


class StaleDrawing(ConfigError):
    """The file is not the one any more that the drawing was begun with."""


@dataclass(frozen=True, slots=True)
class Still:
    """The image that is drawn on: persons, faces, plates and the camera's privacy masks are filled.

    Attributes:
        content: JPEG; never written to the disk.
        width, height: pixels.
        at_ms: see `RedactedImage`; None of a given file.
    """

    content: bytes
    width: int
    height: int
    at_ms: int | None = None


class DrawingSession:
    """The drawing of one camera, from its configuration file and back.

    Args:
        path: the file; camera_id: a camera of it.
        still: the image to draw on.

    Raises:
        ConfigError: the configuration is not valid, or has no such camera.
    """

    def __init__(self, path: Path, camera_id: str, still: Still) -> None:
        self._path, self._camera_id, self.still = path, camera_id, still
        self._lock = threading.Lock()
        self._load()

    def _load(self) -> None:
        load_config(self._path)  # its errors say what is wrong with the file
        self._text = read_text(self._path)
        self._config = parse_config(self._text, self._path)
        self._camera = camera_of(self._config, self._path, self._camera_id)

    @property
    def aspect(self) -> float:
        """Width of the image over its height."""
        return self.still.width / self.still.height

    @property
    def version(self) -> str:
        """Digest of the file that the drawing was begun with."""
        return hashlib.sha256(self._text.encode()).hexdigest()[:_DIGEST_DIGITS]

    def state(self) -> dict[str, Any]:
        """What a page needs to begin: camera, image, drawing and version."""
        with self._lock:
            return self._state()

    def _state(self) -> dict[str, Any]:
        camera = self._camera
        return {
            "camera": {"id": camera.id, "name": camera.name, "scope": camera.scope.value},
            "file": self._path.name,
            "image": {"width": self.still.width, "height": self.still.height, "at_ms": self.still.at_ms},
            "drawing": CameraDrawing.of_camera(camera).as_json(),
            "version": self.version,
            "areas_version": camera.traffic_areas().version if camera.traffic_areas() else "",
            "other_shape": camera.areas.drawn_for if self._other_shape(camera) else "",
        }

    def _other_shape(self, camera: CameraSettings) -> bool:
        size = camera.areas.drawn_size
        return size is not None and abs(size[0] / size[1] / self.aspect - 1) > _SAME_SHAPE

    def reload(self) -> dict[str, Any]:
        """Read the file again, after another program changed it; returns the new state.

        Raises:
            ConfigError: it is not valid.
        """
        with self._lock:
            self._load()
            return self._state()

    def flaws(self, drawing: CameraDrawing) -> list[DrawingFlaw]:
        """Everything that keeps a drawing from being stored."""
        return drawing_flaws(drawing)

    def diff(self, drawing: CameraDrawing, version: str) -> str:
        """The lines of the file that a drawing changes; "" where none does.

        Raises:
            FlawedDrawing: it cannot be stored; StaleDrawing: the file was changed meanwhile; ConfigError: see
                `drawing_change`.
        """
        with self._lock:
            return self._change(drawing, version).diff

    def save(self, drawing: CameraDrawing, version: str) -> dict[str, Any]:
        """Write a drawing into the file, after the audit has its record; returns the new state.

        Raises:
            FlawedDrawing, StaleDrawing, ConfigError: see `diff`; nothing is written.
            PolicyError: the person may not change it; AuditUnavailable: the audit takes no record.
        """
        with self._lock:
            change = self._change(drawing, version)
            if change.after != change.before:
                masks = f"{len(self._camera.masks)} before, {len(drawing.masks)} after"
                write_camera_change(self._config, self._camera_id, change, {"action": "draw", "masks": masks})
                self._load()
            return self._state()

    def _change(self, drawing: CameraDrawing, version: str) -> ConfigChange:
        if version != self.version or read_text(self._path) != self._text:
            raise StaleDrawing(
                str(self._path),
                "was changed by another program meanwhile, so nothing is written",
                "Load it again and repeat the change",
            )
        if flaws := drawing_flaws(drawing):
            raise FlawedDrawing(flaws)
        size = self._camera.areas.drawn_for
        if size is None or self._other_shape(self._camera):
            size = f"{self.still.width}x{self.still.height}"
        sized = CameraDrawing(**{**drawing.as_json(), "drawn_for": size})
        change = drawing_change(self._path, self._text, self._camera_id, sized)
        after = camera_of(change.config, self._path, self._camera_id)
        if after.calibration is not None and after.calibration != self._camera.calibration:
            judged_ground(after.calibration, after.traffic_areas(), self._recorded, self.aspect)
        return change

    @cached_property
    def _recorded(self) -> RecordedPaths:
        return recorded_paths(self._config, self._camera)

    def ground(self, measure: Mapping[str, Any], check: tuple[Corner, Corner, float] | None = None) -> dict[str, Any]:
        """The calibration of a measure, with its errors and a grid to compare with the road.

        Args:
            measure: see `measured_ground`; a lane may have ``"vanishing": "tracks"``.
            check: start, end and meters of a known length that did not go into it.

        Raises:
            ConfigError: the measure cannot be used, or vehicles would fly.
        """
        with self._lock:
            values = dict(measure)
            if values.get("vanishing") == "tracks":
                values["vanishing"] = paths_meeting(self._recorded, self.aspect)
            calibration, contradiction_m = measured_ground(values, self.aspect)
            report = judged_ground(
                calibration,
                TrafficAreas(),  # the drawing may have changed: its areas are judged when it is stored
                self._recorded,
                self.aspect,
                check=None if check is None else CheckLength(*check),
                contradiction_m=contradiction_m,
            )
            return report.as_json()


def open_drawing(path: Path, camera_id: str, image: Path | None) -> DrawingSession:
    """Begin to draw on a still image of a camera, through its privacy masks, persons, faces and plates masked.

    Args:
        path: the configuration; camera_id: a camera of it.
        image: a file to draw on instead of the camera's present image, masked in the same way.

    Raises:
        ConfigError: the configuration is not valid, or has no such camera.
        SourceError: the camera shows no image, or the file cannot be read.
        ModelError: the networks that mask persons cannot be used.
        PolicyError: the registry does not let the camera run, or the person may not see it.
        AuditUnavailable: the audit takes no record.
    """
    config = load_config(path)
    camera = camera_of(config, path, camera_id)
    permitted_view(config, camera, "draw")
    found = redacted_image(config, camera, _image_of(config, camera, image))
    height, width = found.pixels.shape[:2]
    content = cv2.imencode(".jpg", found.pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    return DrawingSession(path, camera_id, Still(content, width, height, found.at_ms))


def _image_of(
    config: Config, camera: CameraSettings, image: Path | None
) -> Callable[[], tuple[EditableImage, int | None]]:
    if image is None:
        return present_image(config, camera)
    burner = MaskBurner(camera.masks)
    return lambda: (masked(read_image(image, turn_upright=True), burner), None)
