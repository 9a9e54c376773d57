"""Settings of alert rules."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.domain.events import AlertRule
from pipeline.domain.route import DrivingLimits

_STRICT: Final = ConfigDict(extra="forbid", frozen=True)
SCENE_RULES: Final = (
    AlertRule.STOPPED_VEHICLE,
    AlertRule.SLOW_VEHICLE,
    AlertRule.SWERVING_VEHICLE,
    AlertRule.WRONG_WAY,
    AlertRule.PERSON_ON_ROADWAY,
    AlertRule.VEHICLE_OFF_ROADWAY,
    AlertRule.ZONE_ENTERED,
    AlertRule.CONGESTION,
    AlertRule.CROWD,
    AlertRule.SUDDEN_EMPTINESS,
)
"""Rules that see tracks on the areas of a camera."""
PLATE_RULES: Final = (AlertRule.POSSIBLE_CLONE, AlertRule.WATCHED_CONVOY)
"""Rules that see the plate reads of all live cameras."""
_OFF: Final = frozenset({AlertRule.SLOW_VEHICLE.value, AlertRule.SWERVING_VEHICLE.value})
_PERIOD: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _check_rules(names: frozenset[str]) -> frozenset[str]:
    return _known(names, {rule.value for rule in (*SCENE_RULES, *PLATE_RULES)})


def _check_scene_rules(names: frozenset[str]) -> frozenset[str]:
    return _known(names, {rule.value for rule in SCENE_RULES})


def _known(names: frozenset[str], known: set[str]) -> frozenset[str]:
    if wrong := sorted(names - known):
        raise ValueError(f"{wrong[0]!r} is no rule that can be switched off; those are {', '.join(sorted(known))}")
    return names


def _check_period(text: str) -> str:
    if not _PERIOD.fullmatch(text):
        raise ValueError(f"{text!r} is no period of the day; write it like 22:00-06:00")
    return text


RuleNames = Annotated[frozenset[str], AfterValidator(_check_rules)]
SceneRuleNames = Annotated[frozenset[str], AfterValidator(_check_scene_rules)]
Period = Annotated[str, AfterValidator(_check_period)]


class Thresholds(BaseModel):
    """From when on rules report. One that is stated is used as it is; the others follow the camera's own history."""

    model_config = _STRICT

    stopped_s: float = Field(
        default=20.0,
        ge=3,
        le=3600,
        title="Stopped vehicle",
        description="Time that a vehicle stands on a lane while others pass it. Three times as long where it is alone "
        "there, nine times where others stand too: they may wait for a light. Seconds.",
    )
    slow_share: float = Field(
        default=0.35,
        gt=0,
        lt=1,
        title="Slow vehicle",
        description="Share of the median speed of the vehicles of its class in the zone below which one is slow.",
    )
    swerves: int = Field(
        default=3,
        ge=2,
        le=20,
        title="Swerving vehicle",
        description="Changes of direction to the side within ten seconds.",
    )
    wrong_way_s: float = Field(
        default=1.0,
        ge=0.2,
        le=60,
        title="Wrong way",
        description="Time that a vehicle travels against the heading of its lane. Seconds.",
    )
    on_roadway_s: float = Field(
        default=2.0,
        ge=0.2,
        le=600,
        title="Person on the roadway",
        description="Time that a person is on a roadway, lane or bus lane. Seconds.",
    )
    off_roadway_s: float = Field(
        default=3.0,
        ge=0.2,
        le=600,
        title="Vehicle off the roadway",
        description="Time that a motor vehicle is on a sidewalk or cycle path. Seconds.",
    )
    entered_s: float = Field(
        default=1.0,
        ge=0.2,
        le=600,
        title="Zone entered",
        description="Time that a person or vehicle is in a restricted zone while it is closed. Seconds.",
    )
    congestion_vehicles: int = Field(
        default=4,
        ge=2,
        le=1000,
        title="Vehicles of a congestion",
        description="Mean number of vehicles in a zone below which it is not congested.",
    )
    congestion_lengths_s: float = Field(
        default=0.15,
        gt=0,
        le=5,
        title="Speed of a congestion",
        description="Mean speed over two minutes below which a zone is congested. Vehicle sizes per second, 0.15 is "
        "about 2 km/h.",
    )
    crowd_persons: int = Field(
        default=10,
        ge=2,
        le=10_000,
        title="Persons of a crowd",
        description="Number of persons from which their growth is reported, when they have become twice as many within "
        "ten minutes.",
    )
    empty_s: float = Field(
        default=120.0,
        ge=10,
        le=86_400,
        title="Sudden emptiness",
        description="Least time without any person or vehicle where some were usual. Seconds.",
    )


class CloneSettings(BaseModel):
    """Possible clones."""

    model_config = _STRICT

    speed_km_h: float = Field(
        default=180,
        ge=1,
        le=2000,
        title="Highest speed",
        description="That any vehicle can drive, as the crow flies. Kilometers per hour.",
    )
    distance_m: float = Field(
        default=300,
        ge=0,
        le=100_000,
        title="One place",
        description="Cameras at most this far apart may see one vehicle at the same time. Meters.",
    )
    clock_s: float = Field(
        default=5,
        ge=0,
        le=86_400,
        title="Clocks",
        description="Largest difference between the cameras' clocks. Seconds.",
    )

    @property
    def limits(self) -> DrivingLimits:
        """What a vehicle can do."""
        return DrivingLimits(self.speed_km_h, self.distance_m, self.clock_s)


class ConvoySettings(BaseModel):
    """Convoys with listed vehicles."""

    model_config = _STRICT

    cameras: int = Field(
        default=3,
        ge=2,
        le=100,
        title="Cameras of a convoy",
        description="Cameras at which a vehicle is read beside a listed one before it is reported.",
    )
    within_s: float = Field(
        default=10.0,
        ge=0,
        le=600,
        title="Time between two vehicles",
        description="Longest time between the two at one camera. Seconds.",
    )
    span_s: float = Field(
        default=600.0,
        ge=0,
        le=86_400,
        title="Time of a convoy",
        description="Least time between the first and the last of these cameras: vehicles of one platoon are together "
        "along an avenue without knowing of each other. Seconds.",
    )
    remembered_s: float = Field(
        default=21_600.0,
        ge=60,
        le=86_400,
        title="Memory of a convoy",
        description="Meetings longer ago do not count, and are not remembered. Seconds.",
    )


class CameraAlertSettings(BaseModel):
    """Alert rules of one camera."""

    model_config = _STRICT

    off: SceneRuleNames = Field(
        default=frozenset(),
        title="Rules off here",
        description="Rules that do not report at this camera, beside those of `alerts.off`.",
        examples=[["crowd"]],
    )
    thresholds: Thresholds = Field(
        default_factory=Thresholds,
        title="Thresholds here",
        description="Those that are stated replace `alerts.thresholds`.",
    )
    closed: dict[str, tuple[Period, ...]] = Field(
        default_factory=dict,
        title="Closed periods",
        description="Periods of the day, in the configuration's time zone, in which a restricted zone is closed, by "
        "the zone's name. One without periods is always closed.",
        examples=[{"yard": ["22:00-06:00"]}],
    )


class AlertSettings(BaseModel):
    """Alert rules of all cameras."""

    model_config = _STRICT

    off: RuleNames = Field(
        default=_OFF,
        title="Rules off",
        description="Rules that report at no camera; [] for none. Slow and swerving vehicles are off by default, as "
        "their false alarms were more than one a day in our measurement. Rules about zones report nothing where no "
        "such zone is drawn.",
        examples=[["sudden-emptiness"]],
    )
    thresholds: Thresholds = Field(
        default_factory=Thresholds, title="Thresholds", description="From when on rules report."
    )
    learn: bool = Field(
        default=True,
        title="Learn what is usual",
        description="Thresholds that are not stated follow what is usual at the camera and hour, within bounds; see "
        "`viapublica alerts thresholds`. false: they stay as they are here. Recorded video is never learned from.",
    )
    clones: CloneSettings = Field(
        default_factory=CloneSettings,
        title="Possible clones",
        description="What a vehicle cannot do, so that two must bear one plate.",
    )
    convoys: ConvoySettings = Field(
        default_factory=ConvoySettings,
        title="Convoys with listed vehicles",
        description="When a vehicle travels with one of a hot-list.",
    )
    group_s: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        title="Time of one incident",
        description="Conditions at one place that begin within this time are one incident. Seconds.",
    )
    group_m: float = Field(
        default=150.0,
        ge=0,
        le=10_000,
        title="Place of one incident",
        description="Cameras nearer to each other than this are one place, where both have latitude and longitude. "
        "Meters.",
    )
    clear_s: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        title="Time until an end",
        description="A condition has ended when it was not seen for this long. Seconds.",
    )
    most_per_hour: int = Field(
        default=12,
        ge=1,
        le=1000,
        title="Incidents per rule, camera and hour",
        description="Further ones begin when the hour is over if they still hold; the next alert of the rule says "
        "how many there were.",
    )

    def of_camera(self, camera: CameraAlertSettings) -> Self:
        """The settings that hold for one camera."""
        stated = {name: getattr(camera.thresholds, name) for name in camera.thresholds.model_fields_set}
        names = self.thresholds.model_fields_set | stated.keys()
        values = {name: getattr(self.thresholds, name) for name in names} | stated
        return self.model_copy(update={"off": self.off | camera.off, "thresholds": Thresholds(**values)})


def is_within(period: str, moment: time) -> bool:
    """Whether a time of day lies in a period such as 22:00-06:00, whose end is not part of it."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no period")
    first = time(int(found[1]), int(found[2]))
    last = time(int(found[3]), int(found[4]))
    if first < last:
        return first <= moment < last
    return moment >= first or moment < last
