"""Scenes with and without what alert rules report, made of detections of real clips; see `benchmarks.alert_rules`.

What is made and what is real stands beside each scene. Detections are those of the shipped networks on the clips; a
scene plays them backward, slower, again, or with some of them held, moved or left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.clip_detections import FPS, DetectedClip
from pipeline.alerting.alert_observer import AlertObserver
from pipeline.alerting.incidents import Incidents, Place
from pipeline.alerting.limits import Limits
from pipeline.alerting.rule_set import scene_rules
from pipeline.alerting.settings import AlertSettings
from pipeline.alerting.standing_places import overlap
from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections, Tracks, shared_areas
from pipeline.domain.events import AlertEvent, AlertRule, Event
from pipeline.domain.frame import BgrImage, Frame
from pipeline.domain.labels import FOLLOWED, PLATED_VEHICLES, Label
from pipeline.domain.polygon import Polygon
from pipeline.domain.traffic_areas import TrafficAreas, Zone, ZoneKind

_AWAY: Final = ((0.0, 0.72), (0.33, 0.27), (0.455, 0.27), (0.43, 0.96), (0.0, 0.96))
_TOWARD: Final = ((0.52, 0.27), (0.62, 0.27), (0.97, 0.62), (0.97, 0.96), (0.57, 0.96))
MOTORWAY: Final = TrafficAreas(
    (
        Zone("away", ZoneKind.LANE, _AWAY, ((0.2, 0.9), (0.41, 0.3))),
        Zone("toward", ZoneKind.LANE, _TOWARD, ((0.56, 0.3), (0.8, 0.9))),
    )
)
"""Both carriageways of the pole camera. The view was turned a little from month to month; the gap between them is wide
enough for all."""
_ALL: Final = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def _one(kind: ZoneKind, polygon: Polygon = _ALL, name: str = "zone") -> TrafficAreas:
    return TrafficAreas((Zone(name, kind, polygon),))


AREAS: Final[Mapping[str, TrafficAreas]] = {
    "car-detection": _one(ZoneKind.ROADWAY),
    "highway-motorbike": _one(ZoneKind.ROADWAY, ((0.36, 1.0), (0.6, 0.25), (0.78, 0.25), (0.95, 1.0))),
    "people-walking": _one(ZoneKind.SIDEWALK),
    "person-bicycle-car-detection": _one(ZoneKind.OTHER),
    "traffic-plates-nz": _one(ZoneKind.ROADWAY, ((0.0, 0.55), (1.0, 0.55), (1.0, 1.0), (0.0, 1.0))),
    "pedestrians": _one(ZoneKind.OTHER),
    "road-from-above-320x176": _one(ZoneKind.ROADWAY),
    "street-parked-cars": _one(ZoneKind.ROADWAY, ((0.25, 0.5), (0.75, 0.45), (1.0, 0.7), (1.0, 1.0), (0.6, 1.0))),
}
"""Zones of the other clips as an operator would draw them; the motorway's are `MOTORWAY`."""
_EVERY: Final = 2
"""Of the motorway's clips, every second one makes scenes of a slow vehicle, every fourth scenes of 20 minutes."""
_HELD_WAYS: Final = 3
"""Vehicles of each clip that are held, each in a scene of its own."""
_HELD_S: Final = 90.0
_THROUGH: Final = 0.2
"""Intersection over union of a vehicle with a place from which it drives through it."""
_ITSELF: Final = 0.8
_DENSE: Final = 6.0
"""Vehicles in one carriageway from which a clip at 1/25 of its speed is a congestion."""
LEFT_OUT: Final = {
    "egoblur-parking-plates": "a camera in motion",
    "625_201707211410": "the view before the camera was turned: its carriageways are elsewhere",
}


def areas_of(clip: str) -> TrafficAreas:
    """The zones of a clip."""
    return MOTORWAY if clip.startswith("625_") else AREAS[clip]


@dataclass(frozen=True, slots=True, eq=False)
class _Blank:
    """An image of which only the size is asked."""

    width: int
    height: int
    sample_aspect: float = 1.0

    def bgr(self) -> BgrImage:
        raise NotImplementedError

    def resized(self, width: int, height: int) -> BgrImage:
        raise NotImplementedError

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        raise NotImplementedError


class Scene(NamedTuple):
    """A scene to be judged.

    Attributes:
        name: of it; rule: that must report, None for none.
        width, height: of the images.
        areas: zones.
        frames: time in seconds and detections, in order.
    """

    name: str
    rule: AlertRule | None
    width: int
    height: int
    areas: TrafficAreas
    frames: Sequence[tuple[float, Detections]]

    @property
    def seconds(self) -> float:
        return self.frames[-1][0] if self.frames else 0.0


def alerts_of(scene: Scene, off: frozenset[str] = frozenset()) -> list[AlertEvent]:
    """The alerts of a scene, tracked and judged as by `viapublica run` with some rules off."""
    settings = AlertSettings()
    tracker = build_tracker(TrackSettings())
    events: list[Event] = []
    observer = AlertObserver(
        Place(scene.name, "1"),
        scene.areas,
        scene_rules(Limits(), off),
        Incidents(settings),
        seconds=lambda frame: frame.pts_s,
        owns_incidents=True,
    )
    image = _Blank(scene.width, scene.height)
    for number, (at_s, found) in enumerate(scene.frames):
        ts_ms = 1_790_000_000_000 + round(at_s * 1000)
        tracks = tracker.update(found.labeled(*FOLLOWED), ts_ms)
        observer.observe(Frame(scene.name, "1", number, at_s, ts_ms, at_s, image), tracks)
        events += observer.settle(tracker.finished(), ts_ms)
    return [event for event in [*events, *observer.close()] if isinstance(event, AlertEvent)]


def _timed(frames: Sequence[Detections], fps: float = FPS) -> list[tuple[float, Detections]]:
    return [(number / fps, found) for number, found in enumerate(frames)]


def _looped(clip: DetectedClip, seconds: float) -> list[Detections]:
    return [clip.frames[number % len(clip.frames)] for number in range(round(seconds * FPS))]


def looped(clips: Sequence[DetectedClip], seconds: float) -> Scene:
    """A clip again and again, in another light each time (negative; at each new begin, vehicles jump)."""
    frames: list[Detections] = []
    while len(frames) < seconds * FPS:
        for clip in clips:
            frames += clip.frames
    first = clips[0]
    name = first.name.partition("-as_it_is")[0]
    return Scene(f"{name} looped", None, first.width, first.height, areas_of(name), _timed(frames))


class Way(NamedTuple):
    """One vehicle in a clip: its boxes by frame."""

    label: Label
    first: int
    boxes: list[tuple[float, float, float, float]]


def ways_of(clip: DetectedClip, areas: TrafficAreas, *, least: int = 12) -> list[Way]:
    """Vehicles that are followed for some frames without a gap, within one zone, and move by twice their size."""
    tracker = build_tracker(TrackSettings())
    seen: dict[int, list[tuple[int, Label, tuple[float, float, float, float]]]] = {}
    for number, found in enumerate(clip.frames):
        tracks: Tracks = tracker.update(found.labeled(*FOLLOWED), round(number * 1000 / FPS))
        for (box, _, label), track_id in zip(tracks.detections, tracks.ids.tolist(), strict=True):
            x1, y1, x2, y2 = (float(value) for value in box)
            if label in PLATED_VEHICLES and _is_within(areas, (x1 + x2) / 2 / clip.width, y2 / clip.height):
                seen.setdefault(track_id, []).append((number, label, (x1, y1, x2, y2)))
    found_ways = []
    for observations in seen.values():
        first, last = observations[0][0], observations[-1][0]
        boxes = [box for _, _, box in observations]
        if last - first + 1 == len(boxes) >= least and _moved(boxes) >= 2:
            found_ways.append(Way(observations[0][1], first, boxes))
    return found_ways


def _is_within(areas: TrafficAreas, x: float, y: float) -> bool:
    return any(zone.contains([(x, y)])[0] for zone in areas.zones)


def _moved(boxes: Sequence[tuple[float, float, float, float]]) -> float:
    (ax1, _, ax2, ay2), (bx1, _, bx2, by2) = boxes[0], boxes[-1]
    way = math.hypot((ax1 + ax2 - bx1 - bx2) / 2, ay2 - by2)
    return way / max(math.sqrt((bx2 - bx1) * (by2 - boxes[-1][1])), 1.0)


def with_box(found: Detections, box: Sequence[float], label: Label, score: float = 0.8) -> Detections:
    """Detections with one more, which hides what lies under it."""
    if len(found):
        shared = shared_areas(found.boxes, np.array([box], np.float32))[:, 0]
        own = (found.boxes[:, 2] - found.boxes[:, 0]) * (found.boxes[:, 3] - found.boxes[:, 1])
        found = found.select(np.asarray(shared < 0.3 * own))
    return Detections.concatenate([found, Detections.build([list(box)], [score], [label])])


def positives(clips: Mapping[str, DetectedClip]) -> Iterator[Scene]:
    """Scenes in which a rule must report."""
    motorways = [name for name in clips if name.startswith("625_")]
    for number, name in enumerate(motorways):
        yield from _on_motorway(name, clips[name], long=number % _EVERY == 0, longest=number % (2 * _EVERY) == 0)
    for name in ("people-walking", "pedestrians", "person-bicycle-car-detection"):
        yield from _with_persons(name, clips[name])
    for name in ("pedestrians", "people-walking"):
        yield from _gathering(name, clips[name])


def _on_motorway(name: str, clip: DetectedClip, *, long: bool, longest: bool) -> Iterator[Scene]:
    size = clip.width, clip.height
    ways = ways_of(clip, MOTORWAY)
    if ways:
        yield Scene(f"{name} backward", AlertRule.WRONG_WAY, *size, MOTORWAY, _timed(clip.backward().frames))
        ways.sort(key=lambda way: -len(way.boxes))
        for number, way in enumerate(ways[:_HELD_WAYS]):
            held = _timed(_held(clip, way, _HELD_S))
            yield Scene(f"{name} held {number + 1}", AlertRule.STOPPED_VEHICLE, *size, MOTORWAY, held)
        if long:
            slow = _timed(_slow(clip, ways[0], 5.0))
            yield Scene(f"{name} slow", AlertRule.SLOW_VEHICLE, *size, MOTORWAY, slow)
    wholly = [way for way in ways if _stays_in_view(clip, way)]
    if wholly:
        swerving = _timed(_swerving(max(wholly, key=lambda way: len(way.boxes))))
        yield Scene(f"{name} swerves", AlertRule.SWERVING_VEHICLE, *size, MOTORWAY, swerving)
    beside = _one(ZoneKind.SIDEWALK, _AWAY)
    yield Scene(f"{name} sidewalk", AlertRule.VEHICLE_OFF_ROADWAY, *size, beside, _timed(clip.frames))
    closed = _one(ZoneKind.RESTRICTED, _AWAY)
    yield Scene(f"{name} closed", AlertRule.ZONE_ENTERED, *size, closed, _timed(clip.frames))
    if longest:
        empty = [*_looped(clip, 960), *[Detections.empty()] * round(240 * FPS)]
        yield Scene(f"{name} closed road", AlertRule.SUDDEN_EMPTINESS, *size, MOTORWAY, _timed(empty))
    if _most_vehicles(clip) >= _DENSE:
        crawl = _timed(_looped(clip, clip.seconds), FPS / 25)
        yield Scene(f"{name} at 1/25 of the speed", AlertRule.CONGESTION, *size, MOTORWAY, crawl)


def _most_vehicles(clip: DetectedClip) -> float:
    """Mean number of vehicles in the fuller carriageway."""
    counts = []
    for zone in MOTORWAY.zones:
        boxes = [found.labeled(*sorted(PLATED_VEHICLES)).boxes for found in clip.frames]
        points = [np.stack([(b[:, 0] + b[:, 2]) / 2 / clip.width, b[:, 3] / clip.height], axis=1) for b in boxes]
        counts.append(sum(int(zone.contains(part).sum()) for part in points) / len(points))
    return max(counts)


def _held(clip: DetectedClip, way: Way, seconds: float) -> list[Detections]:
    """The clip again and again; one vehicle stays where it was in the middle of its way, its box trembling.

    Vehicles that drive through that place are left out from its stop on, as none drives through another.
    """
    random = np.random.default_rng(len(way.boxes))
    stop = len(way.boxes) // 2
    box = np.array(way.boxes[stop])
    passing = _without_through(clip, way.boxes[stop])
    begin = way.first + stop
    frames = [*clip.frames[:begin], *_looped(passing, clip.seconds + seconds)[begin:]]
    for number in range(begin, len(frames)):
        if random.random() > 0.1:  # one detection in ten is missed
            trembling = box + random.normal(0, 0.03 * (box[2] - box[0]), 4)
            frames[number] = with_box(frames[number], trembling.tolist(), way.label, random.uniform(0.45, 0.9))
    return frames


def _without_through(clip: DetectedClip, place: tuple[float, float, float, float]) -> DetectedClip:
    """A clip without the tracks that come to a place."""
    tracker = build_tracker(TrackSettings())
    seen: list[list[tuple[int, tuple[float, float, float, float]]]] = []
    through: set[int] = set()
    for number, found in enumerate(clip.frames):
        tracks = tracker.update(found.labeled(*FOLLOWED), round(number * 1000 / FPS))
        boxes = [_corners(box) for box in tracks.detections.boxes]
        seen.append([*zip(tracks.ids.tolist(), boxes, strict=True)])
        through |= {track for track, box in seen[-1] if overlap(box, place) >= _THROUGH}
    frames = []
    for found, tracked in zip(clip.frames, seen, strict=True):
        gone = [box for track, box in tracked if track in through]
        stays = [all(overlap(_corners(box), other) < _ITSELF for other in gone) for box in found.boxes]
        frames.append(found.select(np.array(stays, bool)))
    return replace(clip, frames=frames)


def _corners(box: npt.NDArray[np.float32]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return x1, y1, x2, y2


def _slow(clip: DetectedClip, way: Way, factor: float) -> list[Detections]:
    """One vehicle takes its way at a fraction of its speed, after a minute of ordinary traffic."""
    frames, begin = _looped(clip, 60 + factor * len(way.boxes) / FPS), round(60 * FPS)
    boxes = np.array(way.boxes)
    for number in range(begin, len(frames)):
        place = (number - begin) / factor
        box = [np.interp(place, np.arange(len(boxes)), boxes[:, side]) for side in range(4)]
        frames[number] = with_box(frames[number], box, way.label)
    return frames


def _stays_in_view(clip: DetectedClip, way: Way) -> bool:
    """Whether no edge of the image cuts a vehicle that swerves."""
    boxes = np.array(way.boxes)
    side = 0.6 * (boxes[:, 2] - boxes[:, 0])
    inside = (boxes[:, 0] - side > 3) & (boxes[:, 2] + side < clip.width - 3) & (boxes[:, 3] < clip.height - 3)
    return bool(inside.all())


def _swerving(way: Way) -> list[Detections]:
    """One vehicle takes its way in eight seconds and waves of half its width; the others in view are left out."""
    boxes, steps = np.array(way.boxes), round(8 * FPS)
    frames = [Detections.empty()] * round(10 * FPS)
    for number in range(steps):
        share = number / (steps - 1)
        box = np.array(
            [np.interp(share * (len(boxes) - 1), np.arange(len(boxes)), boxes[:, side]) for side in range(4)]
        )
        side = 0.6 * (box[2] - box[0]) * math.sin(5 * math.pi * share)
        frames[number] = with_box(frames[number], (box + np.array([side, 0, side, 0])).tolist(), way.label)
    return frames


def _with_persons(name: str, clip: DetectedClip) -> Iterator[Scene]:
    """People walk where a roadway or a closed area is drawn."""
    size = clip.width, clip.height
    parts = max(1, round(clip.seconds / 10))
    for number in range(parts):
        frames = clip.frames[number * len(clip.frames) // parts : (number + 1) * len(clip.frames) // parts]
        for kind, rule in (
            (ZoneKind.ROADWAY, AlertRule.PERSON_ON_ROADWAY),
            (ZoneKind.RESTRICTED, AlertRule.ZONE_ENTERED),
        ):
            if sum(int((found.labels == Label.PERSON).any()) for found in frames) > 3 * FPS:
                yield Scene(f"{name} part {number + 1} {kind.value}", rule, *size, _one(kind), _timed(frames))


def _gathering(name: str, clip: DetectedClip) -> Iterator[Scene]:
    """Fifteen seconds of people walking, whose copies stand beside them after a minute."""
    size, part = (clip.width, clip.height), round(15 * FPS)
    for first in range(0, len(clip.frames) - part, part):
        frames = [clip.frames[first + number % part] for number in range(round(120 * FPS))]
        for number in range(round(60 * FPS), len(frames)):
            persons = frames[number].labeled(Label.PERSON)
            shifts = [np.array([shift, shift / 5] * 2, np.float32) for shift in (-120, -60, 60, 120)]
            shifted = [Detections(persons.boxes + shift, persons.scores, persons.labels) for shift in shifts]
            frames[number] = Detections.concatenate([frames[number], *shifted])
        yield Scene(
            f"crowd of {name} part {first // part + 1}", AlertRule.CROWD, *size, _one(ZoneKind.OTHER), _timed(frames)
        )
