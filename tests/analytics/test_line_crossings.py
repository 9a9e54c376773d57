"""A vehicle crosses a line once per direction, whatever its boxes do near the line."""

from __future__ import annotations

import pytest

from pipeline.analytics.line_crossings import LineCrossing, LinePosition, LineState

_MS = 40


def _crossings(distances: list[float], along: float = 0.5) -> list[LineCrossing]:
    state = LineState()
    found = (state.add(LinePosition(distance, along, n * _MS)) for n, distance in enumerate(distances))
    return [crossing for crossing in found if crossing is not None]


@pytest.mark.parametrize(
    ("distances", "directions"),
    [
        pytest.param([-1, -0.5, 0, 0.5, 1], [1], id="forward"),
        pytest.param([1, 0.4, -0.4, -1], [-1], id="backward"),
        pytest.param([-3, 3], [1], id="far between two frames"),
        pytest.param([-1, -0.1, 0.1, -0.1, 0.1, 0.05, 0.8], [1], id="trembles in the band"),
        pytest.param([-1, -0.2, 0.2, -0.2, 0.2, -0.2, 0.2, 0.9], [1], id="trembles beyond the band"),
        pytest.param([-0.2, 0.2, -0.2, 0.2, -0.2, 0.2], [], id="parked on the line"),
        pytest.param([-1, -0.3, 0.1, -0.3, -1], [], id="comes up to it and returns"),
        pytest.param([-1, 1.2, -0.5, 1.3], [1], id="rolls back in a queue"),
        pytest.param([-3, 3, -3, 3], [1, -1, 1], id="turns back twice"),
        pytest.param([-0.05, 0.3, 0.9], [1], id="begins in the band, before the line"),
        pytest.param([0.05, 0.3, 0.9], [], id="begins in the band, behind the line"),
        pytest.param([-1, -0.4, 0.25], [1], id="ends behind the line"),
        pytest.param([-1, -0.4, 0.1], [], id="ends in the band"),
    ],
)
def test_crossings_of_one_track(distances: list[float], directions: list[int]) -> None:
    assert [crossing.direction for crossing in _crossings(distances)] == directions


def test_a_crossing_is_dated_when_the_ground_point_was_on_the_line() -> None:
    (crossing,) = _crossings([-1, -0.5, 0.1, 1.5])
    assert crossing.at_ms == _MS * 1.5
    assert _crossings([-1, 3])[0].at_ms == _MS // 4


def test_a_vehicle_that_passes_beside_the_line_does_not_cross_it() -> None:
    assert _crossings([-1, -0.5, 0.5, 1], along=1.2) == []
    assert _crossings([-1, -0.5, 0.5, 1], along=-0.1) == []


def test_a_track_that_jumps_to_another_object_crosses_nothing() -> None:
    state = LineState()
    state.add(LinePosition(-3, 0.5, 0))
    state.restart()
    assert state.add(LinePosition(3, 0.5, _MS)) is None
