"""Conditions that rules see, and the protocol of a rule."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.alerting.followed_object import Box, FollowedObject
from pipeline.alerting.scene import Scene
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.labels import Label


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that holds in one frame.

    Attributes:
        rule: that sees it; severity: how soon an operator should respond.
        key: what it is about, equal from frame to frame: a track, a zone.
        subject: name of the zone or line; "" for the whole view.
        lasts_s: since when it holds, seconds before the frame.
        label, track_id, box: of the object that it is about; None, 0 and None for none.
        figures: what was measured, and what is usual.
        evidence: ids of events from which it follows.
    """

    rule: AlertRule
    severity: Severity
    key: Hashable
    subject: str = ""
    lasts_s: float = 0.0
    label: Label | None = None
    track_id: int = 0
    box: Box | None = None
    figures: Mapping[Figure, float] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()


def object_in_zone(rule: AlertRule, severity: Severity, zone: str, one: FollowedObject, lasts_s: float) -> Condition:
    """A condition about the time that an object is in a zone; arguments as the attributes of `Condition`."""
    figures = {Figure.SECONDS: lasts_s}
    return Condition(rule, severity, (zone, one.track_id), zone, lasts_s, one.label, one.track_id, one.box, figures)


class Rule(Protocol):
    """Sees one kind of condition in the scenes of one session of one camera.

    It says which conditions hold in a frame, and keeps nothing but what it needs for that. Begin, end, repetition and
    grouping are the business of `pipeline.alerting.incidents`.
    """

    def observe(self, scene: Scene) -> Iterable[Condition]:
        """The conditions that hold in the next frame."""
        ...
