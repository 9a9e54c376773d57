"""Zones contain ground points, lines are crossed in two named directions, and every drawing has its version."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.traffic_areas import Line, TrafficAreas, Zone, ZoneKind

_ACROSS = Line("gantry", (0.2, 0.5), (0.8, 0.5), "to-center", "to-suburb")
"""Drawn from the left to the right of the image."""
_LANE = Zone("lane-1", ZoneKind.LANE, ((0.2, 0.2), (0.4, 0.2), (0.4, 0.9), (0.2, 0.9)), ((0.3, 0.2), (0.3, 0.9)))
_SHARE = st.floats(0, 1, width=32)
_POINT = st.tuples(_SHARE, _SHARE)


@pytest.mark.parametrize(
    ("before", "after", "crossing"),
    [
        ((0.5, 0.4), (0.5, 0.6), 1),  # down, toward the camera
        ((0.5, 0.6), (0.5, 0.4), -1),
        ((0.1, 0.4), (0.1, 0.6), 0),  # beside its start
        ((0.9, 0.4), (0.9, 0.6), 0),  # beside its end
        ((0.1, 0.4), (0.5, 0.6), 1),  # obliquely, through the line itself
        ((0.3, 0.4), (0.7, 0.4), 0),  # along it
        ((0.5, 0.4), (0.5, 0.5), 1),  # a point on the line is on its right-hand side …
        ((0.5, 0.5), (0.5, 0.6), 0),  # … so it is not crossed again
        ((np.nan, 0.4), (0.5, 0.6), 0),
    ],
)
def test_forward_crosses_from_the_left_to_the_right_of_the_line(
    before: tuple[float, float], after: tuple[float, float], crossing: int
) -> None:
    assert _ACROSS.crossings([before], [after]).tolist() == [crossing]
    assert _ACROSS.direction(1) == "to-center"
    assert _ACROSS.direction(-1) == "to-suburb"


@given(_POINT, _POINT)
def test_the_reversed_line_swaps_the_directions(before: tuple[float, float], after: tuple[float, float]) -> None:
    crossing = _ACROSS.crossings([before], [after])
    turned = replace(_ACROSS, start=_ACROSS.end, end=_ACROSS.start)
    if 0.5 not in (np.float64(before[1]), np.float64(after[1])):
        assert turned.crossings([before], [after]).tolist() == (-crossing).tolist()


@given(st.lists(_POINT, min_size=2, max_size=12))
def test_a_path_that_returns_to_its_side_crosses_the_endless_line_as_often_each_way(
    path: list[tuple[float, float]],
) -> None:
    endless = Line("endless", (-9.0, 0.5), (9.0, 0.5))
    closed = [*path, path[0]]
    assert endless.crossings(closed[:-1], closed[1:]).sum() == 0


def test_offsets_are_distances_in_the_unit_of_the_image() -> None:
    offsets = _ACROSS.offsets([(0.5, 0.6), (0.2, 0.4), (0.9, 0.5)], width=1280, height=720)
    assert offsets == pytest.approx(np.array([[72, 0.5], [-72, 0.0], [0, 7 / 6]]))


def test_zones_contain_points_and_are_found_by_kind() -> None:
    path = replace(_LANE, name="path", kind=ZoneKind.CYCLE_PATH, heading=None)
    areas = TrafficAreas((_LANE, path), (_ACROSS,))
    assert _LANE.contains([(0.3, 0.5), (0.5, 0.5)]).tolist() == [True, False]
    assert _LANE.share == pytest.approx(0.14)
    assert areas.of_kind(ZoneKind.CYCLE_PATH, ZoneKind.SIDEWALK) == (path,)


def test_every_drawing_has_its_version() -> None:
    areas = TrafficAreas((_LANE, replace(_LANE, name="lane-2")), (_ACROSS,))
    assert areas.version == "2e9fe354e416"  # figures of years carry it: it must not change with the program
    assert replace(areas, zones=areas.zones[::-1]).version == areas.version
    for changed in (
        replace(areas, lines=()),
        replace(areas, lines=(replace(_ACROSS, end=(0.8, 0.51)),)),
        replace(areas, lines=(replace(_ACROSS, forward="north"),)),
        replace(areas, zones=(replace(_LANE, heading=None), areas.zones[1])),
    ):
        assert changed.version != areas.version
    moved = replace(_ACROSS, end=(0.8 + 1e-9, 0.5))
    assert replace(areas, lines=(moved,)).version == areas.version


def test_names_are_unique_and_no_areas_are_false() -> None:
    with pytest.raises(ValueError, match="'gantry' is used for more than one"):
        TrafficAreas((replace(_LANE, name="gantry"),), (_ACROSS,))
    assert not TrafficAreas()
    assert TrafficAreas(lines=(_ACROSS,))
