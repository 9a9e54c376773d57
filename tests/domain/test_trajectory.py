"""Trajectories survive as text, and nothing else passes for one."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.domain.events import TrackEvent, encode
from pipeline.domain.trajectory import TrajectoryPoint, decode_trajectory, encode_trajectory
from tests.event_samples import track


def test_points_survive_to_a_ten_thousandth_of_the_image() -> None:
    points = [TrajectoryPoint(0, 0.5, 0.25), TrajectoryPoint(480, 0.51234, 1.0)]
    text = encode_trajectory(points)
    assert text == "0 5000 2500;480 5123 10000"
    assert decode_trajectory(text) == [points[0], TrajectoryPoint(480, 0.5123, 1.0)]
    assert (encode_trajectory([]), decode_trajectory("")) == ("", [])


def test_points_outside_the_image_are_clipped() -> None:
    assert encode_trajectory([TrajectoryPoint(0, -0.1, 1.2)]) == "0 0 10000"


@pytest.mark.parametrize(
    "text", ["ana", "0 1", "0 1 2;", "0 1 2; note", "0 1.5 2", "-1 2 3", "0 1 2" + ";0 1 2" * 2000]
)
def test_an_event_takes_no_other_text(text: str) -> None:
    message = encode(track(1)).replace(b'"trajectory":""', b'"trajectory":' + msgspec.json.encode(text))
    assert text.encode() in message
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(message, type=TrackEvent)
