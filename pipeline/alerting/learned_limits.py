"""The thresholds that rules use at a camera now: stated, learned or by default."""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.alerting.limits import Limits
from pipeline.alerting.rules.congestion import Congestion
from pipeline.alerting.rules.crowd import Crowd
from pipeline.alerting.rules.stopped_vehicle import StoppedVehicle
from pipeline.alerting.rules.sudden_emptiness import SuddenEmptiness
from pipeline.domain.events import AlertRule
from pipeline.domain.traffic_areas import TrafficAreas, ZoneKind


class _Learning(NamedTuple):
    """A threshold that follows the camera's history: its rule, where that judges, and its factor."""

    name: str
    rule: AlertRule
    zones: tuple[ZoneKind, ...]
    whole_view: bool
    factor: float


_LEARNED: Final = tuple(
    _Learning(*values)
    for values in (
        ("stopped_s", StoppedVehicle.rule, StoppedVehicle.zones, StoppedVehicle.whole_view, StoppedVehicle.factor),
        ("congestion_vehicles", Congestion.rule, Congestion.zones, Congestion.whole_view, Congestion.factor),
        ("crowd_persons", Crowd.rule, Crowd.zones, Crowd.whole_view, Crowd.factor),
        ("empty_s", SuddenEmptiness.rule, SuddenEmptiness.zones, SuddenEmptiness.whole_view, SuddenEmptiness.factor),
    )
)


_TUNED: Final = (
    (AlertRule.SLOW_VEHICLE, "slow_share"),
    (AlertRule.SWERVING_VEHICLE, "swerves"),
    (AlertRule.WRONG_WAY, "wrong_way_s"),
    (AlertRule.PERSON_ON_ROADWAY, "on_roadway_s"),
    (AlertRule.VEHICLE_OFF_ROADWAY, "off_roadway_s"),
    (AlertRule.ZONE_ENTERED, "entered_s"),
)
"""Thresholds without a usual figure."""


class UsedThreshold(NamedTuple):
    """A threshold at one hour.

    Attributes:
        name: of `Thresholds`; rule, zone: what it is of, "" for the whole view.
        value: from which the rule reports; base: without a history; stated: it stands in the configuration.
        factor: by people's feedback.
        usual: greatest usual figure, None before enough were seen; seen: how many.
    """

    name: str
    rule: AlertRule
    zone: str
    value: float
    base: float
    stated: bool
    factor: float
    usual: float | None
    seen: int


def used_thresholds(limits: Limits, areas: TrafficAreas, ts_ms: int) -> list[UsedThreshold]:
    """The thresholds of a camera that can be learned, by zone, and those that follow from feedback alone.

    Args:
        limits: of the camera, with its history.
        areas: its zones.
        ts_ms: time of the hour, milliseconds since 1970 UTC.
    """
    found = []
    for one in _LEARNED:
        zones = [zone.name for zone in areas.of_kind(*one.zones)]
        for zone in zones or ([""] if one.whole_view else []):
            limit = limits.limit(one.rule, one.name, zone, ts_ms, factor=one.factor)
            stated = one.name in limits.stated.model_fields_set
            factor = 1.0 if stated else limits.factor(one.rule)
            used = UsedThreshold(one.name, one.rule, zone, limit.value, limit.base, stated, factor, *limit[2:])
            found.append(used)
    for rule, name in _TUNED:
        stated = name in limits.stated.model_fields_set
        value, factor = limits.value(rule, name), 1.0 if stated else limits.factor(rule)
        found.append(UsedThreshold(name, rule, "", value, float(getattr(limits.stated, name)), stated, factor, None, 0))
    return found
