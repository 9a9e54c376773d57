"""Cameras before they run: connection tests, redacted snapshots, discovery, and entries in a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2

from pipeline.app.audit.audited_operation import OperationAudit, audit_of_stores
from pipeline.app.cameras.permissions import check_not_stopped, check_permitted
from pipeline.app.cameras.redacted_image import present_image, redacted_image
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.output_files import check_target, output_file
from pipeline.config.camera_entry import ExtendedConfig, NewCamera, extended_config
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.config_change import write_config
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.decode.input_options import DEFAULT_INPUT
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.source_address import parse_address
from pipeline.decode.stream_probe import ProbedStream, probe_stream
from pipeline.domain.network_address import BadAddress, is_network_address, split_address
from pipeline.domain.operation import Operation
from pipeline.domain.video import EditableImage
from pipeline.engine.build import check_sources
from pipeline.errors import ConfigError, SourceError
from pipeline.observe.coordinate_grid import OutlinedPolygon, draw_coordinate_grid
from pipeline.onvif.device_discovery import DiscoveredCamera, discover_cameras
from pipeline.onvif.stream_lookup import CameraStreams, streams_of_camera
from pipeline.record.declaration_tag import image_tag_of
from pipeline.storage.image_comment import with_comment

__all__ = [
    "CameraStreams",
    "DiscoveredCamera",
    "ProbedStream",
    "Snapshot",
    "add_camera",
    "camera_ids",
    "camera_of",
    "check_image_target",
    "discover",
    "permitted_view",
    "probe_address",
    "probe_camera",
    "redacted_still",
    "save_snapshot",
    "streams_of_camera",
]

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A redacted still image that was written.

    Attributes:
        path: the file.
        camera_id: the camera.
        at_ms: when it was received, or recorded, milliseconds since 1970 UTC; None where that is not known.
        width, height: pixels.
        privacy_masks: polygons of the configuration, filled before anything else.
        redacted: number of masked objects by class.
    """

    path: Path
    camera_id: str
    at_ms: int | None
    width: int
    height: int
    privacy_masks: int
    redacted: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"path": str(self.path)}


def camera_ids(path: Path) -> list[str]:
    """The ids of a configuration, in order.

    Raises:
        ConfigError: it is not valid.
    """
    return [camera.id for camera in load_config(path, for_queries=True).cameras]


def probe_camera(path: Path, camera_id: str, seconds: float) -> ProbedStream:
    """Connect to a camera of a configuration once, and describe its stream.

    Raises:
        ConfigError: the configuration is not valid, or has no such camera.
        SourceError: the camera cannot be used; the message says at which step.
        PolicyError: the registry does not let the camera run.
        AuditUnavailable: the audit does not take the record of a refusal.
    """
    config = load_config(path)
    camera = camera_of(config, path, camera_id)
    _check_permitted(config, camera, "test")
    return _probed(config, camera, seconds)


def probe_address(
    address: str, user: str | None, password: str, seconds: float, path: Path | None = None
) -> ProbedStream:
    """The same for an address or a file.

    Args:
        address: of the camera; user, password: of its login; seconds: for which it is watched.
        path: of a configuration: what is the address of one of its cameras is tested as that camera.

    Raises:
        ConfigError: the address cannot be used, or the configuration is not valid.
        SourceError: the camera cannot be used.
        PolicyError: the registry has stopped the camera with this address.
        AuditUnavailable: the audit does not take the record of a refusal.
    """
    if path is not None:
        _check_not_stopped_at(address, path)
    if user is not None:
        try:
            address = split_address(address).with_login(user, password).text
        except BadAddress as error:
            raise ConfigError("address", error.problem, error.fix) from None
    settings = DecodeSettings()
    return probe_stream(
        "camera", parse_address("camera", address, settings.protocols), settings, DEFAULT_INPUT, seconds=seconds
    )


def _check_not_stopped_at(address: str, path: Path) -> None:
    """Require that the registry has not stopped the camera of an address; a refusal is in the audit.

    A host with one configured camera is that camera, whatever the path: it has streams of several qualities. Of a host
    with several, such as a recorder, the path says which.
    """
    config = load_config(path, for_queries=True)
    wanted = _host_and_path(address)
    of_host = [one for one in config.cameras if _host_and_path(one.source)[0] == wanted[0]] if wanted[0] else []
    if len(of_host) > 1:
        of_host = [one for one in of_host if _host_and_path(one.source) == wanted]
    for camera in of_host:
        audit = audit_of_stores(ConfiguredStores.of_config(config))
        with audit.refusals(Operation.MONITORING, cameras=(camera.id,), details={"action": "test"}):
            check_not_stopped(config, camera.id)


def _host_and_path(address: str) -> tuple[str, str]:
    """Host and path of an address, without login and query; of a file, its path."""
    try:
        parts = split_address(address)
    except BadAddress:
        return address, ""
    return parts.host.lower(), parts.rest.partition("?")[0].rstrip("/")


def save_snapshot(path: Path, camera_id: str, target: Path, *, grid: bool = False) -> Snapshot:
    """Write one image of a camera, with its privacy masks, and every person, face and plate masked.

    Nothing is written before the redaction is complete; the unredacted image never reaches the disk.

    Args:
        path: the configuration.
        camera_id: a camera of it.
        target: the file.
        grid: draw a coordinate grid, and the camera's polygons, over the redacted image.

    Raises:
        ConfigError: the configuration is not valid, or has no such camera.
        SourceError: the camera shows no image.
        ModelError: the network cannot be used.
        PolicyError: the registry does not let the camera run.
        AuditUnavailable: the audit takes no record.
    """
    check_image_target(target)
    config = load_config(path)
    camera = camera_of(config, path, camera_id)
    image = present_image(config, camera)
    permitted_view(config, camera, "snapshot")
    return redacted_still(config, camera, image, target, grid=grid)


def check_image_target(target: Path) -> None:
    """Require that a file for an image can be written.

    Raises:
        ConfigError: it cannot.
    """
    if target.suffix.lower() not in _SUFFIXES:
        fix = f"Choose a file that ends with {' or '.join(sorted(_SUFFIXES))}"
        raise ConfigError("--out", f"ends with {target.suffix or 'no suffix'}", fix)
    check_target("--out", str(target))


def permitted_view(config: Config, camera: CameraSettings, action: str) -> OperationAudit:
    """The audit, after it has the record that a live image of a camera is shown.

    Raises:
        PolicyError: the registry does not let the camera run, or the person may not see it.
        AuditUnavailable: the audit takes no record.
    """
    audit = _check_permitted(config, camera, action)
    audit.add(Operation.MONITORING, cameras=(camera.id,), details={"action": action})
    return audit


def redacted_still(
    config: Config,
    camera: CameraSettings,
    image_of_camera: Callable[[], tuple[EditableImage, int | None]],
    target: Path,
    *,
    grid: bool,
) -> Snapshot:
    """Write an image of a camera with every person, face and plate masked; see `save_snapshot`.

    Args:
        config, camera: of the configuration; target, grid: see there.
        image_of_camera: an image with the camera's privacy masks, and its time; called once the networks are open.

    Raises:
        SourceError: the camera shows no image.
        ModelError: the network cannot be used.
    """
    image = redacted_image(config, camera, image_of_camera)
    pixels = image.pixels
    if grid:
        pixels = draw_coordinate_grid(pixels, _polygons(camera))
    with output_file("--out", str(target), "wb") as file:
        content = cv2.imencode(target.suffix.lower(), pixels)[1].tobytes()
        file.write(with_comment(content, image_tag_of(camera.declaration())))
    size = pixels.shape[1], pixels.shape[0]
    return Snapshot(target, camera.id, image.at_ms, *size, len(camera.masks), dict(image.objects))


def _check_permitted(config: Config, camera: CameraSettings, action: str) -> OperationAudit:
    """Require that the registry lets a camera run before it is connected to; a refusal is in the audit."""
    audit = audit_of_stores(ConfiguredStores.of_config(config))
    with audit.refusals(Operation.MONITORING, cameras=(camera.id,), details={"action": action}):
        check_permitted(config, camera.id)
    return audit


def _polygons(camera: CameraSettings) -> list[OutlinedPolygon]:
    return [
        OutlinedPolygon(key, number, corners)
        for key, polygons in (("masks", camera.masks), ("ignore", camera.ignore))
        for number, corners in enumerate(polygons)
    ]


def discover(*, timeout_s: float, host: str | None, interface: str | None) -> Sequence[DiscoveredCamera]:
    """ONVIF cameras that answer a probe, see `discover_cameras`.

    Raises:
        SourceError: the probe cannot be sent.
    """
    try:
        return discover_cameras(timeout_s=timeout_s, host=host, interface=interface)
    except BadAddress as error:
        raise SourceError("--host", error.problem, "Give a host, or host:port") from None
    except OSError as error:
        raise SourceError("discovery", f"the probe cannot be sent ({error.strerror})", "Check the network") from None


def add_camera(path: Path, camera: NewCamera, *, test_s: float | None) -> tuple[ExtendedConfig, ProbedStream | None]:
    """Add a camera to a configuration; nothing is written unless `run` accepts the whole file and the test succeeds.

    Args:
        path: the file; created when there is none.
        camera: the new one.
        test_s: seconds to test its stream for; None adds it without a test.

    Raises:
        ConfigError: the camera or the configuration is not valid.
        SourceError: the test failed.
        PolicyError: the registry has stopped the camera, so it is not tested.
    """
    extended = extended_config(path, camera)
    added, config = extended.camera, extended.config
    check_sources(config)
    if test_s is not None:
        check_not_stopped(config, added.id)
    probed = None if test_s is None else _probed(config, added, test_s)
    write_config(extended)
    return extended, probed


def _probed(config: Config, camera: CameraSettings, seconds: float) -> ProbedStream:
    address = parse_address(camera.id, camera.source, config.decode.protocols)
    options = camera.input_options
    return probe_stream(camera.id, address, config.decode, options, seconds=seconds, wanted_fps=camera.analyze_fps)


def camera_of(config: Config, path: Path, camera_id: str) -> CameraSettings:
    """A camera of a configuration.

    Raises:
        ConfigError: there is none of that id.
    """
    for camera in config.cameras:
        if camera.id == camera_id:
            return camera
    ids = [camera.id for camera in config.cameras]
    close = difflib.get_close_matches(camera_id, ids, n=1, cutoff=0.5)
    fix = f"Did you mean {close[0]!r}?" if close else f"Its cameras: {', '.join(ids[:20])}"
    if is_network_address(camera_id) or Path(camera_id).exists():
        fix = "Name a camera of the configuration; its declaration says what must be masked"
        raise ConfigError(str(path), "an address is not a camera", fix)
    raise ConfigError(str(path), f"has no camera {camera_id!r}", fix)
