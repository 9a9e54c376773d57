"""Kinds of events, each described once: table, topic, retention, and the fields that people are shown.

Tables, topics, retention settings, JSON checks, schemas, the live table and the command line follow from `SPECS` and
from the fields of the event types. The allow-list of `pipeline.policy.gate` does not: it is maintained by hand, so that
a new field needs a decision of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipeline.domain.events import EVENT_TYPES, Event, Kind, kind_of


class TopicRetention(Enum):
    """How long brokers retain a topic."""

    PERSONAL = "personal"
    """The hours of the sink's settings: it can lead to a person."""
    MONTH = "month"
    LATEST = "latest"
    """The last event of each camera, without limit of time."""


@dataclass(frozen=True, slots=True)
class EventSpec:
    """Where events of one kind go, how long they stay, and what of them is shown.

    Attributes:
        kind: of the events.
        table: name of the table, also the key of its retention in the configuration.
        topic: end of the topic's name, behind the prefix.
        topic_retention: how long brokers retain them.
        retention_days: days that the event store retains them by default.
        retention_about: what is retained, for the description of the setting.
        retention_note: a further sentence there; "" for none.
        shown: fields in a list of events of several kinds.
        summary: fields in the one or two words of the live table.
    """

    kind: Kind
    table: str
    topic: str
    topic_retention: TopicRetention
    retention_days: int
    retention_about: str
    retention_note: str
    shown: tuple[str, ...]
    summary: tuple[str, ...]

    @property
    def event_type(self) -> type[Event]:
        """The struct with the fields."""
        return EVENT_TYPES[self.kind]

    @property
    def personal(self) -> bool:
        """Whether events can lead to a person: copies of them must not outlive their retention anywhere."""
        return self.topic_retention is TopicRetention.PERSONAL

    def summary_of(self, event: Event) -> str:
        """The event in one or two words."""
        return " ".join(str(getattr(event, name)) for name in self.summary)


SPECS: Final[dict[Kind, EventSpec]] = {
    spec.kind: spec
    for spec in (
        EventSpec(
            Kind.PLATE_READ,
            table="plate_reads",
            topic="plate-reads",
            topic_retention=TopicRetention.PERSONAL,
            retention_days=7,
            retention_about="plate reads",
            retention_note="They show where a vehicle was.",
            shown=("plate", "layout", "confidence", "votes", "vehicle"),
            summary=("plate",),
        ),
        EventSpec(
            Kind.TRACK,
            table="tracks",
            topic="tracks",
            topic_retention=TopicRetention.PERSONAL,
            retention_days=7,
            retention_about="tracks",
            retention_note="With plate reads they show where a vehicle went.",
            shown=("label", "track_id", "frames", "path_px", "speed_px_s", "speed_m_s"),
            summary=("label",),
        ),
        EventSpec(
            Kind.COUNT,
            table="counts",
            topic="counts",
            topic_retention=TopicRetention.MONTH,
            retention_days=1095,
            retention_about="counts per minute",
            retention_note="They hold nothing personal.",
            shown=("label", "count"),
            summary=("count", "label"),
        ),
        EventSpec(
            Kind.LINE_COUNT,
            table="line_counts",
            topic="line-counts",
            topic_retention=TopicRetention.MONTH,
            retention_days=1095,
            retention_about="traffic across lines",
            retention_note="They hold nothing personal.",
            shown=("line", "direction", "label", "count", "mean_m_s", "headway_s"),
            summary=("count", "label"),
        ),
        EventSpec(
            Kind.ZONE_STATE,
            table="zone_states",
            topic="zone-states",
            topic_retention=TopicRetention.MONTH,
            retention_days=1095,
            retention_about="states of zones",
            retention_note="They hold nothing personal.",
            shown=("zone", "label", "occupancy", "occupancy_max", "queue", "queue_max"),
            summary=("zone", "label"),
        ),
        EventSpec(
            Kind.ALERT,
            table="alerts",
            topic="alerts",
            topic_retention=TopicRetention.MONTH,
            retention_days=365,
            retention_about="alerts",
            retention_note="",
            shown=("rule", "severity", "subject", "detail"),
            summary=("rule",),
        ),
        EventSpec(
            Kind.HEALTH,
            table="health",
            topic="health",
            topic_retention=TopicRetention.LATEST,
            retention_days=90,
            retention_about="states of cameras",
            retention_note="",
            shown=("state", "detail"),
            summary=("state",),
        ),
    )
}
"""Every kind, in the order in which tables are written and listed."""


def spec_of(event: Event) -> EventSpec:
    """The description of an event's kind."""
    return SPECS[kind_of(event)]
