"""The check of a configuration: cameras, masks and model cards, without connecting to anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.app.cameras.permissions import not_permitted_cameras
from pipeline.config.area_settings import masked_share
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.load import load_config
from pipeline.config.settings import Config
from pipeline.decode.source_address import parse_address
from pipeline.detect.autotuned_settings import autotuned
from pipeline.detect.build import build_detector
from pipeline.domain.camera import LEAST_FPS
from pipeline.domain.credentials import redact_address
from pipeline.domain.plural import counted
from pipeline.domain.polygon import polygon_area, polygon_flaw
from pipeline.engine.build import check_models, check_sources
from pipeline.engine.camera_factory import is_live
from pipeline.engine.capacity import ASSUMED_FPS, Capacity, measure_detector
from pipeline.engine.source_conflicts import undeclared_pairs
from pipeline.errors import ConfigError, RecordError
from pipeline.policy.camera_permission import NotPermitted
from pipeline.policy.scope import why_no_plates
from pipeline.record.recording_archive import RecordingArchive
from pipeline.record.segment_masks import unmasked_note, unmasked_spans

__all__ = ["CheckedArea", "CheckedCamera", "CheckedConfig", "check_config", "estimate_capacity"]


_MUCH_MASKED: Final = 0.1
"""Share of a zone that privacy masks hide from which it is noted."""
_MUCH_IGNORED: Final = 0.25
"""Share of the image that ignored areas hide from which it is noted: captions take a tenth."""
_IMAGE: Final = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class CheckedArea:
    """A privacy mask, or an area in which no plate is read.

    Attributes:
        name: as in messages about a configuration: ``masks[0]``.
        corners: number of its corners.
        share: of the image, 0 to 1.
        flaw: why it hardly is the intended area; "" if nothing is wrong.
    """

    name: str
    corners: int
    share: float
    flaw: str


@dataclass(frozen=True, slots=True)
class CheckedCamera:
    """One camera of a checked configuration.

    Attributes:
        camera_id, scope: as declared.
        source: its address or path, without credentials.
        endpoint: host, or host and port, that its connection goes to; "" for files.
        analyze_fps: frames analyzed per second; None for all.
        no_plates: the rule by which its plates are not read; "" when they are.
        areas: its privacy masks, then its ignored areas, each kind in the order of the configuration.
        missing: the source is a path and nothing is there yet.
        not_permitted: why the registry of cameras does not let it run, with the fix; "" when it may run.
        notes: what the declaration leaves open or costs, each a sentence.
    """

    camera_id: str
    scope: str
    source: str
    endpoint: str
    analyze_fps: float | None
    no_plates: str
    areas: tuple[CheckedArea, ...]
    missing: bool
    not_permitted: str = ""
    notes: tuple[str, ...] = ()

    @property
    def masks(self) -> int:
        """Number of its privacy masks."""
        return sum(area.name.startswith("masks[") for area in self.areas)


@dataclass(frozen=True, slots=True)
class CheckedConfig:
    """A configuration without mistakes, and its cameras in order."""

    config: Config
    cameras: Sequence[CheckedCamera]

    def as_json(self) -> dict[str, Any]:
        """Every key as it was understood, without credentials in addresses; `connections`: the host of each camera.

        `not_permitted`: cameras that the registry does not let run, with the reason.
        """
        plain = self.config.model_dump(mode="json")
        for camera in plain["cameras"]:
            camera["source"] = redact_address(camera["source"])
        notes = {one.camera_id: list(one.notes) for one in self.cameras if one.notes}
        connections = {one.camera_id: one.endpoint for one in self.cameras if one.endpoint}
        denied = {one.camera_id: one.not_permitted for one in self.cameras if one.not_permitted}
        return {**plain, "notes": notes, "connections": connections, "not_permitted": denied}


def check_config(path: Path) -> CheckedConfig:
    """Load a configuration and check what loading alone does not: sources, masks, model cards, registry of cameras.

    Raises:
        ConfigError: every mistake, each with line, key and suggestion; or cameras near a sensitive place do not declare
            their surroundings.
        ModelCardError: a model has no card, or a malformed one.
        PolicyError: a card names a label outside the allow-list.
    """
    config = load_config(path)
    check_sources(config)
    check_models(config)
    _check_surroundings(path, config)
    pairs, denied = undeclared_pairs(config), not_permitted_cameras(config)
    return CheckedConfig(config, [_checked(config, camera, pairs, denied.get(camera.id)) for camera in config.cameras])


def _check_surroundings(path: Path, config: Config) -> None:
    """Require that every camera near a sensitive place declares its surroundings, one way or the other.

    Raises:
        ConfigError: naming the cameras that do not, each with the places near it.
    """
    near = [f"  {one.id}: {', '.join(map(str, one.near_places))}" for one in config.cameras if one.near_places]
    if near:
        raise ConfigError(
            str(path),
            f"{counted(len(near), 'camera')} near a sensitive place without declared surroundings, so no plates are "
            "read and small counts are withheld:\n" + "\n".join(near) + "\n",
            "State `surroundings` for each: the kind of place that is in view, or [] where none is",
        )


def estimate_capacity(checked: CheckedConfig) -> Capacity | None:
    """What the live cameras of a configuration need, and what this machine's detector does in two seconds.

    Returns:
        None when there is no live camera: files wait for the machine.

    Raises:
        ViapublicaError: the networks cannot be used here.
    """
    config = checked.config
    rates = tuple(camera.analyze_fps or ASSUMED_FPS for camera in config.cameras if is_live(config, camera))
    if not rates:
        return None
    detector = build_detector(autotuned(config.detect, config.models_dir), config.models_dir)
    try:
        return Capacity(rates, measure_detector(detector, len(rates)))
    finally:
        detector.close()


def _checked(
    config: Config, camera: CameraSettings, shared: Sequence[tuple[str, str]], denied: NotPermitted | None
) -> CheckedCamera:
    address = parse_address(camera.id, camera.source, config.decode.protocols)
    return CheckedCamera(
        camera_id=camera.id,
        scope=camera.scope.value,
        source=address.shown,
        endpoint=address.endpoint,
        analyze_fps=camera.analyze_fps,
        no_plates=why_no_plates(camera.camera()) or ("" if camera.plates else "plates: false"),
        areas=tuple(_areas(camera)),
        missing=address.path is not None and not address.path.exists(),
        not_permitted="" if denied is None else f"{denied.with_article}. {denied.fix}",
        notes=tuple(_notes(config, camera, shared)),
    )


def _areas(camera: CameraSettings) -> Iterator[CheckedArea]:
    for key, polygons in (("masks", camera.masks), ("ignore", camera.ignore)):
        for number, polygon in enumerate(polygons):
            flaw = polygon_flaw(polygon)
            yield CheckedArea(f"{key}[{number}]", len(polygon), polygon_area(polygon), flaw.value if flaw else "")


def _notes(config: Config, camera: CameraSettings, shared: Sequence[tuple[str, str]]) -> Iterator[str]:
    if suggested := camera.suggested_surroundings():
        words = ", ".join(f"the word {word!r} ({place.value})" for word, place in suggested.items())
        yield (
            f"its names suggest a sensitive place by {words}. It counts as in view, and no plates are read. "
            "State `surroundings`; [] if there is no such place"
        )
    if config.places is not None and (camera.latitude is None or camera.longitude is None):
        yield "has no latitude and longitude, so it is not compared with the list of sensitive places"
    declared = camera.camera()
    if declared.analyzed_below(LEAST_FPS) and camera.reads_plates:
        yield (
            f"analyze_fps is {camera.analyze_fps:g}: plates of passing vehicles are missed below {LEAST_FPS:g} per "
            f"second. Set it to {LEAST_FPS:g} or more"
        )
    if config.record is not None and camera.record and camera.masks and is_live(config, camera):
        yield (
            "is re-encoded while recording, with its privacy masks filled: some 18 ms of processor time for a frame of "
            "1920×1080, a quarter of a core at 15 frames per second"
        )
    if config.record is not None:
        yield from _unmasked(config.record.dir, camera)
    for area in _areas(camera):
        if area.flaw:
            yield f"{area.name}: {area.flaw}"
    if camera.reads_plates and (share := masked_share(_IMAGE, camera.ignore)) >= _MUCH_IGNORED:
        yield f"ignored areas hide {share:.0%} of the image, where no plate is read"
    for zone in camera.traffic_areas().zones:
        if (share := masked_share(zone.polygon, camera.masks)) >= _MUCH_MASKED:
            yield f"zone {zone.name!r}: privacy masks hide {share:.0%} of it, where nothing is counted"
    if others := ", ".join(sorted(other for reader, other in shared if reader == camera.id)):
        yield (
            f"has the host of {others}, and only one side may read plates: no plate of it is stored. If it shows "
            f"another scene, state `other_scene_than: [{others}]`; if they are streams of one camera, declare all alike"
        )


def _unmasked(folder: Path, camera: CameraSettings) -> Iterator[str]:
    """Recorded video that shows what the camera's privacy masks hide."""
    archive = RecordingArchive(folder)
    try:
        if camera.id in archive.cameras():
            spans = unmasked_spans(archive, camera.id, camera.declaration().masks)
            yield from filter(None, unmasked_note(camera.id, spans))
    except (RecordError, ConfigError) as error:
        yield f"its recorded video cannot be checked for what privacy masks hide: {error.subject} {error.problem}"
