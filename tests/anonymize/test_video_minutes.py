"""Minutes of a video and of its scenes, and the frames sampled in each of them."""

from __future__ import annotations

import numpy as np

from pipeline.anonymize.video_detections import VideoDetections
from pipeline.anonymize.video_minutes import SceneMinutes, minutes
from pipeline.domain.detections import Detections


def video(times_s: list[float], scenes: list[int]) -> VideoDetections:
    found = [Detections.build([], [], [])] * len(times_s)
    return VideoDetections(np.array(times_s), found, np.array(scenes), 640, 360)


def test_minutes_are_counted_from_the_first_frame() -> None:
    assert minutes([7.0, 66.9, 67.0, 190.0]).tolist() == [0, 0, 1, 3]
    assert minutes([]).tolist() == []


def test_a_scene_change_begins_a_part_as_a_minute_does() -> None:
    parts = SceneMinutes(video([7.0, 30.0, 40.0, 67.0, 68.0, 70.5], [0, 0, 1, 1, 1, 2]))
    assert parts.of_frame.tolist() == [0, 0, 1, 2, 2, 3]
    assert parts.count == 4
    assert [parts.span(number) for number in range(4)] == [
        "from 0:00.0 to 0:23.0",
        "from 0:33.0 to 0:33.0",
        "from 1:00.0 to 1:01.0",
        "from 1:03.5 to 1:03.5",
    ]


def test_each_minute_is_sampled_alike_however_long_the_video_is() -> None:
    parts = SceneMinutes(video([float(second) for second in range(0, 3600, 2)], [0] * 1800))
    sampled = parts.sampled(10)
    assert len(sampled) == 600
    assert all(sum(30 * minute <= frame < 30 * (minute + 1) for frame in sampled) == 10 for minute in range(60))
    last_second = SceneMinutes(video([second / 10 for second in range(300)], [0] * 290 + [1] * 10)).sampled(10)
    assert len([frame for frame in last_second if frame >= 290]) == 4
    assert SceneMinutes(video([0.0, 1.0, 2.0], [0, 0, 0])).sampled(40) == {0, 1, 2}


def test_the_first_frame_of_each_second_is_taken_and_some_of_each_scene() -> None:
    parts = SceneMinutes(video([7.05 + frame / 10 for frame in range(32)], [0] * 30 + [1] * 2))
    assert parts.each_second() == {0, 9, 10, 19, 20, 29, 30, 31}
