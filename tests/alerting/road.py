"""A road without pixels: vehicles and persons that move as the test says, and what rules see of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.alerting.condition import Condition, Rule
from pipeline.alerting.object_memory import ObjectMemory
from pipeline.domain.labels import Label
from pipeline.domain.traffic_areas import TrafficAreas, Zone, ZoneKind
from tests.analytics.street import HEIGHT, WIDTH, Box, box_at, frame, tracks

LANE_Y, OTHER_LANE_Y, SIDEWALK_Y, YARD_Y = 400.0, 490.0, 650.0, 150.0


def band(name: str, kind: ZoneKind, y1: float, y2: float, *, x1: float = 0, x2: float = WIDTH) -> Zone:
    """A zone across the image, between two heights in pixels; lanes lead to the right."""
    left, right, top, bottom = x1 / WIDTH, x2 / WIDTH, y1 / HEIGHT, y2 / HEIGHT
    heading = ((0.1, 0.5), (0.9, 0.5)) if kind is ZoneKind.LANE else None
    return Zone(name, kind, ((left, top), (right, top), (right, bottom), (left, bottom)), heading)


ROAD = TrafficAreas(
    (
        band("lane", ZoneKind.LANE, 300, 520),
        band("walk", ZoneKind.SIDEWALK, 600, 719),
        band("yard", ZoneKind.RESTRICTED, 50, 200),
    )
)

Way = Callable[[float], tuple[float, float] | None]
"""Ground point of an object at a time, pixels; None while it is not in view."""


@dataclass(frozen=True)
class Mover:
    """An object of one track."""

    track_id: int
    way: Way
    label: Label = Label.CAR
    side: float = 80

    def box(self, at_s: float) -> Box | None:
        """Its box at a time; persons are narrow."""
        point = self.way(at_s)
        if point is None or not -self.side / 2 < point[0] < WIDTH + self.side / 2:
            return None
        x1, y1, x2, y2 = box_at(*point, self.side)
        inset = 0.3 * self.side if self.label is Label.PERSON else 0.0
        return max(x1 + inset, 0), y1, min(x2 - inset, WIDTH), y2


def drives(speed: float, *, y: float = LANE_Y, x: float = 0, since_s: float = 0, until_s: float = 1e9) -> Way:
    """Straight on at a speed in pixels per second, from a place at a time."""
    return lambda t: (x + speed * (t - since_s), y) if since_s <= t <= until_s else None


def stops(at_x: float, at_s: float, *, y: float = LANE_Y, speed: float = 150, until_s: float = 1e9) -> Way:
    """Drives to a place, and stands there from a time on."""
    return lambda t: None if not at_s - at_x / speed <= t <= until_s else (at_x - max(0.0, at_s - t) * speed, y)


def stands(x: float, y: float = LANE_Y, *, since_s: float = 0, until_s: float = 1e9) -> Way:
    """At one place all the time."""
    return lambda t: (x, y) if since_s <= t <= until_s else None


def passing(first_id: int = 100, *, every_s: float = 4, until_s: float = 100, y: float = OTHER_LANE_Y) -> list[Mover]:
    """Cars that pass one after the other."""
    return [
        Mover(first_id + number, drives(200, y=y, since_s=number * every_s)) for number in range(int(until_s / every_s))
    ]


class Seen(NamedTuple):
    """A condition, and when it held."""

    at_s: float
    condition: Condition


def watch(
    rule: Rule, movers: Sequence[Mover], seconds: float, *, fps: float = 5, areas: TrafficAreas = ROAD
) -> list[Seen]:
    """What a rule sees."""
    memory, seen = ObjectMemory(areas), []
    for at_s in (number / fps for number in range(int(seconds * fps))):
        boxes = {one.track_id: (one.label, box) for one in movers if (box := one.box(at_s)) is not None}
        scene = memory.observe(frame(at_s), tracks(boxes), at_s)
        seen += [Seen(at_s, condition) for condition in rule.observe(scene)]
    return seen


def tracks_of(seen: Iterable[Seen]) -> set[int]:
    """The tracks that conditions are about."""
    return {one.condition.track_id for one in seen}
