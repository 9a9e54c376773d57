"""Repeats take turns, the first round is not counted, and the spread is stated."""

from __future__ import annotations

from functools import partial

from pipeline.benchmark.repeats import Spread, interleaved, rounded


def test_cases_take_turns_and_the_first_round_warms_up() -> None:
    order: list[str] = []
    values = {"a": iter([100.0, 3.0, 1.0, 2.0]), "b": iter([100.0, 5.0, 5.0, 6.0])}

    def measure(name: str) -> float:
        order.append(name)
        return next(values[name])

    lines: list[str] = []
    found = interleaved({name: partial(measure, name) for name in values}, 3, lines.append)
    assert order == ["a", "b"] * 4
    assert (found["a"].median, found["a"].low, found["a"].high) == (2.0, 1.0, 3.0)
    assert found["a"].text() == "2 (1-3)"
    assert lines[0] == "a: warm-up"
    assert lines[-1] == "b: repeat 3 of 3"


def test_one_measurement_has_no_spread() -> None:
    assert Spread.of([70.58]).text() == "70.6"


def test_figures_have_three_digits() -> None:
    assert [rounded(value) for value in (0.01234, 7.5, 99.96, 123.4)] == ["0.0123", "7.5", "100", "123"]
