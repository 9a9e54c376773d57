"""Agreement of cameras under load with the unhurried run: plates by text, tracks, counts by class."""

from __future__ import annotations

from pipeline.benchmark.accuracy import Events, agreement

UNHURRIED = Events({"ABC1234": 1, "BRA2E19": 2}, {"car": 10, "bus": 2}, 100, 0)


def test_the_same_events_agree_entirely() -> None:
    found = agreement(UNHURRIED, [UNHURRIED, UNHURRIED])
    assert (found.plates, found.tracks, found.counts, found.lost, found.other_plates) == (1.0, 1.0, 0.0, 0.0, 0.0)


def test_missed_and_misread_plates_are_distinguished() -> None:
    found = agreement(UNHURRIED, [Events({"ABC1234": 1, "8RA2E19": 1}, {"car": 10, "bus": 2}, 100, 0)])
    assert (found.plates, found.other_plates) == (0.5, 1.0)


def test_counts_deviate_by_the_worst_class_of_the_worst_camera() -> None:
    found = agreement(UNHURRIED, [UNHURRIED, Events({}, {"car": 9, "bus": 1, "truck": 1}, 50, 50)])
    assert found.counts == 1.0
    assert found.tracks == round(23 / 24, 3)
    assert found.lost == 0.25


def test_nothing_expected_and_nothing_found_agree_but_something_found_does_not() -> None:
    nothing = Events({}, {}, 100, 0)
    assert agreement(nothing, [nothing]).plates == 1.0
    more = agreement(nothing, [UNHURRIED])
    assert (more.tracks, more.other_plates, more.counts) == (0.0, 2.0, 10.0)
