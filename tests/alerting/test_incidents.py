"""Conditions become few alerts, and none is lost without a number that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from pipeline.alerting.condition import Condition
from pipeline.alerting.incidents import Incidents, Place
from pipeline.alerting.settings import AlertSettings
from pipeline.domain.alert_figures import Figure, decode_figures
from pipeline.domain.event_identity import is_own_id
from pipeline.domain.events import AlertEvent, AlertRule, IncidentPhase, Severity, decode, encode
from pipeline.domain.labels import Label
from pipeline.domain.route import GeoPoint

START_MS = 1_790_000_000_000
HERE = Place("here", "5", GeoPoint(-30.03, -51.22))
NEXT = Place("next", "6", GeoPoint(-30.0305, -51.2201))
FAR = Place("far", "7", GeoPoint(-30.06, -51.22))


def condition(key: Hashable = 1, rule: AlertRule = AlertRule.STOPPED_VEHICLE, *, subject: str = "lane") -> Condition:
    severity = Severity.CRITICAL if rule is AlertRule.WRONG_WAY else Severity.WARNING
    return Condition(rule, severity, key, subject, 20.0, Label.CAR, 9, (1, 2, 30, 40), {Figure.SECONDS: 20.0})


class Street:
    """Reports conditions at times, and collects the alerts."""

    def __init__(self, **settings: float) -> None:
        self.incidents = Incidents(AlertSettings.model_validate(settings))
        self.events: list[AlertEvent] = []

    def at(self, now_s: float, *conditions: Condition, place: Place = HERE, ts_ms: int | None = None) -> None:
        at_ms = START_MS + round(now_s * 1000) if ts_ms is None else ts_ms
        self.incidents.report(place, conditions, now_s, at_ms)
        self.events += self.incidents.due(now_s)

    @property
    def phases(self) -> list[str]:
        return [f"{event.phase} {event.rule}" for event in self.events]


def test_a_condition_is_one_alert_and_its_end_another() -> None:
    street = Street()
    for second in range(60):
        street.at(second, *([condition()] if second < 20 else []))
    begun, ended = street.events
    assert street.phases == ["begun stopped-vehicle", "ended stopped-vehicle"]
    assert begun.incident == ended.incident
    assert (begun.first_ts_ms, begun.ts_ms) == (START_MS - 20_000, START_MS)
    assert (ended.first_ts_ms, ended.ts_ms) == (START_MS - 20_000, START_MS + 19_000)
    assert decode_figures(ended.figures) == {Figure.SECONDS: 39.0}
    assert (begun.label, begun.track_id, begun.x2, begun.subject, begun.stream_id) == ("car", 9, 30.0, "lane", "5")
    for event in street.events:
        assert is_own_id(event.event_id, encode(event))
        assert decode(encode(event)) == event


def test_a_condition_that_comes_and_goes_is_one() -> None:
    street = Street()
    for second in range(0, 600, 20):
        street.at(second, condition())
    assert street.phases == ["begun stopped-vehicle"]


def test_what_begins_near_it_joins_it_over_rules_and_cameras() -> None:
    street = Street()
    street.at(0, condition())
    street.at(20, condition(2, AlertRule.PERSON_ON_ROADWAY))
    street.at(25, condition(3, AlertRule.WRONG_WAY), place=NEXT)
    street.at(35, condition(2, AlertRule.PERSON_ON_ROADWAY))
    assert len({event.incident for event in street.events}) == 1
    assert Counter(event.phase for event in street.events)[IncidentPhase.BEGUN] == 1
    last = street.events[-1]
    assert (last.phase, last.rule, last.severity, last.camera_id) == ("updated", "wrong-way", "critical", "next")
    assert decode_figures(last.figures)[Figure.CAMERAS] == 2
    street.events.clear()
    street.events += street.incidents.close()
    assert [event.phase for event in street.events] == [IncidentPhase.ENDED]
    assert decode_figures(street.events[0].figures)[Figure.GROUPED] == 2


def test_what_is_elsewhere_later_or_of_another_kind_is_an_incident_of_its_own() -> None:
    street = Street()
    street.at(0, condition())
    street.at(1, condition(2), place=FAR)
    street.at(2, condition(3, AlertRule.CROWD))
    for second in range(10, 130, 10):
        street.at(second, condition())
    street.at(130, condition(), condition(4))
    assert len({event.incident for event in street.events}) == 4


def test_a_storm_of_alerts_is_one_that_says_how_many() -> None:
    street = Street()
    for step in range(2000):
        street.at(step / 100, *(condition(5 * step + number) for number in range(5)))
    assert len(street.events) <= 4
    assert street.incidents.open_conditions <= 256
    (ended,) = street.incidents.close()
    assert decode_figures(ended.figures)[Figure.GROUPED] == 9999


def test_a_camera_that_flaps_all_day_makes_a_dozen_alerts_an_hour_that_say_how_many_they_stand_for() -> None:
    street = Street()
    for number in range(72):
        street.at(100 * number, condition(number, AlertRule.CROWD))
        street.at(100 * number + 40)
    begun = [event for event in street.events if event.phase is IncidentPhase.BEGUN]
    assert len(begun) == 24
    assert [decode_figures(event.figures).get(Figure.GROUPED) for event in begun[:13]] == [None] * 12 + [24]


def test_many_cameras_at_once_begin_sixty_a_minute_and_the_others_later() -> None:
    street = Street()
    for second in range(0, 130, 5):
        for number in range(150):
            street.at(second, condition(), place=Place(f"camera-{number}", "5"))
    begun = [event for event in street.events if event.phase is IncidentPhase.BEGUN]
    assert len({event.camera_id for event in begun}) == len(begun) == 150
    assert sum(event.ts_ms < START_MS + 60_000 for event in begun) == 60


def test_the_cameras_clock_may_jump() -> None:
    street = Street()
    street.at(0, condition())
    street.at(5, condition(), ts_ms=START_MS - 3_600_000)
    street.at(40, ts_ms=START_MS + 10**9)
    assert street.phases == ["begun stopped-vehicle", "ended stopped-vehicle"]
    assert all(event.first_ts_ms <= event.ts_ms for event in street.events)


def test_the_same_video_gives_the_same_alerts() -> None:
    def analyzed() -> list[AlertEvent]:
        street = Street()
        for second in range(80):
            street.at(second, *([condition()] if second < 20 else [condition(2, AlertRule.CROWD)]))
        return [*street.events, *street.incidents.close()]

    assert analyzed() == analyzed()


def test_an_alert_at_a_sensitive_place_leads_to_no_one() -> None:
    street = Street()
    street.at(0, condition(), place=HERE._replace(individual=False))
    (event,) = street.events
    assert (event.track_id, event.x1, event.y1, event.x2, event.y2) == (0, 0, 0, 0, 0)


def test_a_camera_that_leaves_ends_its_conditions_and_no_others() -> None:
    street = Street()
    street.at(0, condition())
    street.at(0, condition(), place=FAR)
    assert [event.camera_id for event in street.incidents.leave("here")] == ["here"]
    assert [event.camera_id for event in street.incidents.close()] == ["far"]
