"""Recorded video as a camera's source: the strictest of its recorded declaration and the configuration holds."""

from __future__ import annotations

from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.decode.source_address import SourceAddress
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.polygon import Polygon
from pipeline.errors import ConfigError
from pipeline.policy.scope import may_read_plates, why_no_plates
from pipeline.record.known_recordings import KnownRecordings
from pipeline.record.recorded_declaration import declarations_of, recorded_view


def masks_with_recorded(config: Config, camera: CameraSettings, address: SourceAddress) -> tuple[Polygon, ...]:
    """The privacy masks of a camera, and those that its source was recorded with.

    Args:
        config: whose recordings the source is compared with; camera: as configured in it.
        address: its source.

    Raises:
        ConfigError: the source is recorded video whose plates may not be read, while the configuration lets them be
            read; or was recorded with another rotation.
        PolicyError: its recorded declaration cannot be read.
        StoreError: the log of written paths cannot be read.
    """
    if address.path is None:
        return camera.masks
    is_clip = address.path.is_file()
    known = KnownRecordings.of(config.data_dir, config.record.dir if config.record else None)
    for recorded in declarations_of(address.path, is_clip=is_clip, known=known):
        _check_scope(camera, recorded, address.shown)
    view = recorded_view(address.path, is_clip=is_clip, known=known)
    if view is None:
        return camera.masks
    if view.rotate != camera.rotate:
        with_masks = "with privacy masks that apply to" if view.masks else "with"
        raise ConfigError(
            f"camera {camera.id}",
            f"has rotate: {camera.rotate}, and its source {address.shown} was recorded {with_masks} "
            f"rotate: {view.rotate}",
            f"State rotate: {view.rotate}",
        )
    return tuple(dict.fromkeys((*camera.masks, *view.masks)))


def _check_scope(camera: CameraSettings, recorded: CameraDeclaration, shown: str) -> None:
    why = why_no_plates(recorded.camera)
    if not why or not may_read_plates(camera.camera()):
        return
    places = ", ".join(sorted(place.value for place in recorded.camera.surroundings))
    alike = f"scope: {recorded.camera.scope.value}" + (f" and surroundings: [{places}]" if places else "")
    raise ConfigError(
        f"camera {camera.id}",
        f"would have plates read in {shown}, which was recorded by camera {recorded.camera_id}: {why}",
        f"Declare it as it was recorded, with {alike}",
    )
