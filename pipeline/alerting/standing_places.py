"""Places where vehicles stand, whatever tracks they have: tracks of standing vehicles end, begin again and double."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from pipeline.alerting.followed_object import Box, FollowedObject
from pipeline.domain.labels import Label

_STANDS_S: Final = 2.0
"""Time without movement after which a vehicle stands."""
_SAME: Final = 0.5
"""Intersection over union from which two boxes are one place."""
_UNSEEN_S: Final = 30.0
"""Longest time that a vehicle which came and stopped is remembered without being seen: others pass in front of it. One
that has stood for less is remembered for as long as it stood: its track may have been lost when it drove on."""
_PARKED_UNSEEN_S: Final = 600.0
"""The same for one that stood there from the first: parked vehicles are missed for minutes in poor light."""
_MOVES: Final = 0.3
"""Own sizes per second from which a vehicle moves on: boxes of standing ones tremble by less."""
_BACK_S: Final = 3.0
"""Time around that at which a place was left, within which an object that begins there without having come is the
vehicle that stood there: its track has gone off with one that passed."""
_MOST: Final = 500


@dataclass(slots=True)
class StandingPlace:
    """A place where one vehicle stands.

    Attributes:
        number: of the place at this camera.
        track_id, label, box: of the vehicle as last seen.
        since_s, last_s: when it came to a stop, and when it was last seen there.
        arrived: it was seen to come; otherwise it stood there when it was first seen, as parked vehicles do.
    """

    number: int
    track_id: int
    label: Label
    box: Box
    since_s: float
    last_s: float
    arrived: bool

    @property
    def point(self) -> tuple[float, float]:
        """Its ground point, pixels."""
        return (self.box[0] + self.box[2]) / 2, self.box[3]

    def stands_s(self, now_s: float) -> float:
        """How long it has stood there."""
        return now_s - self.since_s


class StandingPlaces:
    """The places of one camera."""

    def __init__(self) -> None:
        self._places: list[StandingPlace] = []
        self._of_track: dict[int, StandingPlace] = {}
        self._left: list[tuple[float, StandingPlace]] = []
        self._numbers = count(1)

    def __iter__(self) -> Iterator[StandingPlace]:
        return iter(self._places)

    def update(self, objects: Iterable[FollowedObject], now_s: float) -> None:
        """Note which motor vehicles of the newest frame stand, and forget places that were left."""
        for one in objects:
            if not one.is_motor_vehicle or one.is_cut:
                continue
            if one.still_s(now_s) >= _STANDS_S:
                self._stands(one, now_s)
                continue
            self._driven_over(one, now_s)
            if (place := self._of_track.get(one.track_id)) is not None and place.track_id == one.track_id:
                self._leave(place, now_s)
        self._left = [(left_s, place) for left_s, place in self._left if now_s - left_s <= _BACK_S + _STANDS_S]
        for place in [place for place in self._places if now_s - place.last_s > _remembered_s(place)]:
            self._forget(place)
        while len(self._places) > _MOST:
            self._forget(min(self._places, key=lambda place: place.last_s))

    def _stands(self, one: FollowedObject, now_s: float) -> None:
        place = self._of_track.get(one.track_id) or self._place_of(one, now_s) or self._back_at(one)
        if place is None:
            since_s = now_s if one.still_since_s is None else one.still_since_s
            place = StandingPlace(next(self._numbers), one.track_id, one.label, one.box, since_s, now_s, one.has_moved)
            self._places.append(place)
        elif overlap(place.box, one.box) < _SAME and place.arrived:
            return  # its track is going off with another vehicle, or a passing one cuts its box
        place.track_id, place.label, place.box, place.last_s = one.track_id, one.label, one.box, now_s
        self._of_track[one.track_id] = place

    def _place_of(self, one: FollowedObject, now_s: float) -> StandingPlace | None:
        """The known place that an object stands at: its vehicle has another track now.

        A vehicle that came there while the place's own was not seen for a while is a new one.
        """
        near = [place for place in self._places if overlap(place.box, one.box) >= _SAME]
        if not near:
            return None
        place = max(near, key=lambda place: overlap(place.box, one.box))
        if one.has_moved and now_s - place.last_s > _STANDS_S:
            self._forget(place)
            return None
        return place

    def _back_at(self, one: FollowedObject) -> StandingPlace | None:
        """The place that was taken for left, and at which an object stands again that did not come."""
        for left_s, place in self._left if not one.has_moved else ():
            if abs(one.first_s - left_s) <= _BACK_S and overlap(place.box, one.box) >= _SAME:
                self._left.remove((left_s, place))
                self._places.append(place)
                return place
        return None

    def _driven_over(self, one: FollowedObject, now_s: float) -> None:
        """Forget the places of other vehicles that a moving one is at: they are empty."""
        if (one.lengths_s() or 0.0) >= _MOVES and one.has_moved:
            for place in [place for place in self._places if place.arrived and place.track_id != one.track_id]:
                if overlap(place.box, one.box) >= _SAME:
                    self._leave(place, now_s)

    def _leave(self, place: StandingPlace, now_s: float) -> None:
        """Forget a place that seems left, but for a moment."""
        self._forget(place)
        if place.arrived:
            self._left.append((now_s, place))

    def _forget(self, place: StandingPlace) -> None:
        self._places.remove(place)
        self._of_track = {track: other for track, other in self._of_track.items() if other is not place}


def _remembered_s(place: StandingPlace) -> float:
    return min(_UNSEEN_S, place.last_s - place.since_s) if place.arrived else _PARKED_UNSEEN_S


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    shared = shared_area(one, other)
    return shared / max(area(one) + area(other) - shared, 1e-9)


def shared_area(one: Box, other: Box) -> float:
    """Area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def area(box: Box) -> float:
    """Area of a box."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)
