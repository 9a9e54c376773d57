"""Routes: by severity, rule, camera, zone and plates; quiet hours by local time; the limits of a writer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.channel import ChannelWriter, RateLimit
from pipeline.channels.routing import AlertRoute, quiet_for_s, routed_cameras
from pipeline.channels.settings import ChannelSettings, QuietHours
from pipeline.domain.alert_names import ABOUT_PLATES, PORTUGUESE_RULES
from pipeline.domain.event_writer import EventRefused, Postponed
from pipeline.domain.events import AlertRule, Severity
from tests.channels.messages import changed_alert, record, webhook
from tests.event_samples import plate_read

ZONE = ZoneInfo("America/Sao_Paulo")
NIGHT = QuietHours(begin="22:00", end="06:00")
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("values", "event", "sent"),
    [
        ({}, {}, True),
        ({}, {"severity": Severity.INFO}, False),
        ({"severity": "critical"}, {"severity": Severity.CRITICAL}, True),
        ({"rules": ["wrong-way"]}, {}, False),
        ({"rules": ["camera-lost"]}, {}, True),
        ({"areas": ["lane-1"]}, {"subject": "lane-2"}, False),
        ({"areas": ["lane-1"]}, {"subject": "lane-1"}, True),
        ({}, {"rule": "listed-plate"}, False),
        ({"plates": True}, {"rule": "listed-plate"}, True),
        ({}, {"detail": "seen A B C 1 D 2 3"}, False),
    ],
)
def test_a_route_takes_what_its_channel_sends(values: dict[str, Any], event: dict[str, Any], sent: bool) -> None:
    route = AlertRoute(webhook(**values))
    assert route.has(changed_alert(**event)) is sent
    assert not route.has(plate_read(1))


def test_rules_about_one_vehicle_are_known_as_such() -> None:
    words = {"plate", "clone", "convoy"}
    assert {rule.value for rule in AlertRule if words & set(rule.value.split("-"))} == ABOUT_PLATES


def test_cameras_are_named_by_id_group_and_owner() -> None:
    groups, owners = {"north": ["a", "b"]}, {"a": "", "c": "Guarda", "d": "CEIC"}
    assert routed_cameras(webhook(), groups, owners) is None
    named = webhook(cameras=["x"], groups=["north"], owners=["Guarda"])
    assert routed_cameras(named, groups, owners) == frozenset({"x", "a", "b", "c"})
    assert not AlertRoute(webhook(), frozenset({"a"})).has(changed_alert())


@given(
    at=st.integers(1_790_000_000_000, 1_790_000_000_000 + 30 * DAY_MS),
    begin=st.times(),
    end=st.times(),
    severity=st.sampled_from(Severity),
)
@settings(max_examples=60, deadline=None)
def test_an_alert_goes_at_once_or_after_the_quiet_hours_and_never_both(
    at: int, begin: object, end: object, severity: Severity
) -> None:
    first, second = str(begin)[:5], str(end)[:5]
    if first == second:
        return
    quiet = QuietHours(begin=first, end=second)
    route = AlertRoute(webhook(quiet=quiet), None, ZONE)
    event = changed_alert(ts_ms=at, severity=severity)
    assert route.has_now(event) + route.has_later(event) == route.has(event)
    left = quiet_for_s(quiet, at, ZONE)
    assert 0 <= left < 86_400
    assert not left or quiet_for_s(quiet, at + int(left * 1000) + 1, ZONE) == 0


def test_quiet_hours_are_local_and_end_in_the_morning() -> None:
    at_ms = 1_790_000_000_000  # 2026-09-21T14:13:20Z, 11:13:20 in São Paulo
    hour = 3_600_000
    assert quiet_for_s(NIGHT, at_ms, ZONE) == 0
    assert quiet_for_s(NIGHT, at_ms + 12 * hour, ZONE) == pytest.approx(6 * 3600 + 46 * 60 + 40)
    assert quiet_for_s(NIGHT, at_ms + 18 * hour, ZONE) == pytest.approx(46 * 60 + 40)


class Sent:
    target = "test"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def open(self) -> None:
        pass

    def send(self, messages: Sequence[AlertMessage]) -> str:
        self.batches.append([one.message_id for one in messages])
        return "ok"

    def close(self) -> None:
        pass


def writer(channel: Sent, settings: ChannelSettings, now: list[float], *, later: bool = False) -> ChannelWriter:
    limit = RateLimit(settings.most_per_minute, clock=lambda: now[0])
    return ChannelWriter(channel, settings, limit, ZONE, later=later, clock_ms=lambda: int(now[0] * 1000))


def test_messages_beyond_the_rate_wait_and_none_is_sent_twice() -> None:
    channel, now = Sent(), [1_790_000_000.0]
    limited = writer(channel, webhook(most_per_minute=2), now)
    alerts = [changed_alert(number) for number in range(5)]
    waits = 0
    while alerts:
        try:
            limited.write([record(alerts[0])])
            alerts.pop(0)
        except Postponed as later:
            waits += 1
            now[0] += later.seconds
    assert len(channel.batches) == 5
    assert now[0] - 1_790_000_000 == pytest.approx(120)
    assert waits == 2


def test_what_waits_for_the_end_of_quiet_hours_is_sent_then() -> None:
    channel, now = Sent(), [1_790_000_000.0 + 12 * 3600]
    held = writer(channel, webhook(quiet=NIGHT), now, later=True)
    with pytest.raises(Postponed) as caught:
        held.write([record(changed_alert())])
    assert caught.value.seconds <= 60, "the clock may be set meanwhile"
    now[0] += 8 * 3600
    held.write([record(changed_alert())])
    assert len(channel.batches) == 1


@pytest.mark.parametrize("rule", sorted(ABOUT_PLATES))
def test_an_alert_about_a_plate_is_refused_by_a_channel_that_is_not_marked(rule: str) -> None:
    channel, now = Sent(), [0.0]
    with pytest.raises(EventRefused, match="not marked for plates"):
        writer(channel, webhook(), now).write([record(changed_alert(rule=rule))])
    assert channel.batches == []
    writer(channel, webhook(plates=True), now).write([record(changed_alert(rule=rule))])
    assert len(channel.batches) == 1


def test_every_rule_has_a_name_in_portuguese() -> None:
    assert set(PORTUGUESE_RULES) == {rule.value for rule in AlertRule}
