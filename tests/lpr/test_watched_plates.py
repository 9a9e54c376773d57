"""Plates are compared with lists as soon as their vote is certain, not only when the track ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.domain.detections import Tracks
from pipeline.domain.events import Event
from pipeline.domain.labels import Label
from pipeline.domain.plate_watch import VotedCharacters
from pipeline.lpr.plate_observer import PlateObserver
from pipeline.lpr.settings import LprSettings
from tests.lpr.plates import seen
from tests.lpr.test_plate_aggregator import CAR, PLATE, frame, tracks

_CAR = tracks((Label.CAR, CAR, 4), (Label.PLATE, PLATE, 3))


@dataclass
class Spy:
    """Implements `PlateWatch`; remembers what it was shown."""

    shown: list[VotedCharacters] = field(default_factory=list)

    def check(self, voted: VotedCharacters) -> Sequence[Event]:
        self.shown.append(voted)
        return []


def _observe(observer: PlateObserver, index: int, found: Tracks, text: str, sure: float) -> None:
    for request in observer.observe(frame(index), found):
        request.answer(seen(text, sure=sure))
    observer.settle((), 1000 + index * 100)


def test_a_vote_is_shown_as_soon_as_it_is_certain_and_again_with_each_reading() -> None:
    spy, settings = Spy(), LprSettings()
    observer = PlateObserver("cam", "session", settings, watch=spy)
    shown = []
    for index in range(30):
        _observe(observer, index, _CAR, "ABC1D23", sure=0.99)
        shown.append(len(spy.shown))
    first = shown.index(1)
    assert first == settings.certain_votes - 1
    assert shown[first : first + 9] == [1] * 9, "a certain plate is read once a second"
    assert shown[-1] == 3
    voted = spy.shown[-1]
    assert (voted.track_id, voted.vehicle, voted.box) == (4, "car", PLATE)
    assert (voted.first_ts_ms, voted.ts_ms) == (1000, 1000 + 24 * 100)
    observer.settle({3, 4}, 9000)
    assert len(spy.shown) == 4, "and when it is reported"


def test_an_uncertain_vote_is_shown_when_the_track_ends() -> None:
    spy = Spy()
    observer = PlateObserver("cam", "session", LprSettings(), watch=spy)
    for index in range(4):
        _observe(observer, index, _CAR, "ABC1D23", sure=0.5)
    assert spy.shown == []
    observer.settle({3, 4}, 9000)
    (voted,) = spy.shown
    assert voted.seen.values.shape[1] == len(voted.seen.alphabet)


def test_a_text_where_no_vehicle_can_be_is_not_shown() -> None:
    spy = Spy()
    observer = PlateObserver("cam", "session", LprSettings(), watch=spy)
    caption = (5, 2, 95, 32)
    for index in range(30):
        _observe(observer, index, tracks((Label.PLATE, caption, 3)), "ABC1D23", sure=0.99)
    observer.close()
    reported = PlateObserver("cam", "session", LprSettings())
    for index in range(30):
        _observe(reported, index, tracks((Label.PLATE, caption, 3)), "ABC1D23", sure=0.99)
    assert (spy.shown == []) is (reported.close() == [])
