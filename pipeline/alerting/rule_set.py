"""The rules of one camera, made of its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Final

from pipeline.alerting.condition import Rule
from pipeline.alerting.limits import Limits
from pipeline.alerting.rules.congestion import Congestion
from pipeline.alerting.rules.crowd import Crowd
from pipeline.alerting.rules.person_on_roadway import PersonOnRoadway
from pipeline.alerting.rules.slow_vehicle import SlowVehicle
from pipeline.alerting.rules.stopped_vehicle import StoppedVehicle
from pipeline.alerting.rules.sudden_emptiness import SuddenEmptiness
from pipeline.alerting.rules.swerving_vehicle import SwervingVehicle
from pipeline.alerting.rules.vehicle_off_roadway import VehicleOffRoadway
from pipeline.alerting.rules.wrong_way import WrongWay
from pipeline.alerting.rules.zone_entered import ZoneEntered

_OF_LIMITS: Final = (
    StoppedVehicle,
    SlowVehicle,
    SwervingVehicle,
    WrongWay,
    PersonOnRoadway,
    VehicleOffRoadway,
    Congestion,
    Crowd,
    SuddenEmptiness,
)


def scene_rules(
    limits: Limits,
    off: frozenset[str] = frozenset(),
    closed: Mapping[str, Sequence[str]] | None = None,
    zone: tzinfo | None = None,
) -> list[Rule]:
    """New rules for one session of a camera.

    Args:
        limits: its thresholds.
        off: rules that do not report there.
        closed, zone: see `pipeline.alerting.rules.zone_entered.ZoneEntered`.
    """
    rules: list[Rule] = [rule(limits) for rule in _OF_LIMITS if rule.rule.value not in off]
    if ZoneEntered.rule.value not in off:
        rules.append(ZoneEntered(limits, closed, zone))
    return rules
