"""Vehicles that moved in each zone during the last minutes: whether traffic flows past one that stands."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from pipeline.alerting.followed_object import FollowedObject

_REMEMBERED_S: Final = 300.0
_MOST: Final = 500
_MOVES: Final = 1.0
"""Own sizes per second from which a vehicle flows, about 8 km/h: in a dense queue all move on a little now and then."""


class ZoneMotion:
    """The last movement of each vehicle in each zone, of five minutes."""

    def __init__(self) -> None:
        self._moved: defaultdict[str, OrderedDict[int, float]] = defaultdict(OrderedDict)

    def update(self, objects: Iterable[FollowedObject], now_s: float) -> None:
        """Note who moves in the newest frame."""
        for one in objects:
            speed = one.lengths_s() if one.is_motor_vehicle and one.has_moved else None
            if speed is None or speed < _MOVES:
                continue
            for name in one.zones:
                moved = self._moved[name]
                moved[one.track_id] = now_s
                moved.move_to_end(one.track_id)
        for moved in self._moved.values():
            while moved and (len(moved) > _MOST or now_s - next(iter(moved.values())) > _REMEMBERED_S):
                moved.popitem(last=False)

    def moved_since(self, zone: str, since_s: float, but: Collection[int] = ()) -> int:
        """How many vehicles moved in a zone since a time, without some tracks."""
        return sum(at_s >= since_s and track not in but for track, at_s in self._moved.get(zone, {}).items())
