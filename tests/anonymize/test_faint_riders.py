"""A rider whose score is divided among person, two-wheeler and car is masked; vehicles and parked machines are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.labels import Label
from tests.anonymize.test_riders import Row, video

RIDER = (300.0, 100.0, 340.0, 170.0)
NEAR_IT = (302.0, 112.0, 342.0, 172.0)


def masked(rows: list[Row]) -> bool:
    """Whether the middle of `RIDER` is masked in a video of one frame."""
    boxes = plan_masks(video([rows]), MaskSettings()).at(0).boxes
    return bool(((boxes[:, :2] < (320, 120)) & (boxes[:, 2:] > (320, 120))).all(axis=1).any())


@pytest.mark.parametrize(
    "rows",
    [
        [(RIDER, 0.35, Label.CAR), (NEAR_IT, 0.07, Label.MOTORCYCLE)],
        [(RIDER, 0.16, Label.CAR), (NEAR_IT, 0.06, Label.MOTORCYCLE), (RIDER, 0.07, Label.PERSON)],
        [(RIDER, 0.15, Label.PERSON), (NEAR_IT, 0.12, Label.BICYCLE)],
        [(RIDER, 0.04, Label.PERSON), (RIDER, 0.1, Label.TRUCK), (NEAR_IT, 0.08, Label.MOTORCYCLE)],
        [(RIDER, 0.6, Label.CAR)],
        [(RIDER, 0.2, Label.CAR)],
        [(RIDER, 0.3, Label.TRUCK)],
    ],
)
def test_a_rider_seen_as_several_labels_or_as_a_narrow_vehicle_is_masked(rows: list[Row]) -> None:
    assert masked(rows)


@pytest.mark.parametrize(
    "rows",
    [
        [((300, 100, 350, 160), 0.9, Label.TRUCK), ((300, 100, 350, 160), 0.08, Label.PERSON)],
        [((300, 100, 350, 155), 0.4, Label.CAR)],
        [(RIDER, 0.08, Label.CAR), (NEAR_IT, 0.06, Label.MOTORCYCLE)],
        [(RIDER, 0.1, Label.PERSON)],
        [((300, 40, 360, 170), 0.6, Label.TRUCK)],
        [((0, 100, 40, 170), 0.6, Label.CAR)],
    ],
)
def test_trucks_cars_and_faint_figures_are_not_masked(rows: list[Row]) -> None:
    assert not len(plan_masks(video([rows]), MaskSettings()).at(0))


def test_a_rider_known_once_as_a_narrow_vehicle_is_followed_where_fainter() -> None:
    def there(n: int) -> tuple[float, float, float, float]:
        return 300 + n, 100 - n, 312 + n, 122 - n

    scores = [0.3, *[0.11] * 19]
    plan = plan_masks(video([[(there(n), scores[n], Label.CAR)] for n in range(20)], fps=25), MaskSettings())
    for n in range(20):
        boxes, head = plan.at(n).boxes, np.array([306 + n, 102 - n])
        assert ((boxes[:, :2] <= head) & (boxes[:, 2:] >= head)).all(axis=1).any(), n


@pytest.mark.real
def test_a_distant_rider_seen_half_as_a_car_and_half_as_a_person_is_masked(data_dir: Path) -> None:
    at_s = 10.32
    video_file = FileVideo(
        data_dir / "clips" / "highway-motorbike.mp4", DecodeSettings(), start_s=at_s, end_s=at_s + 0.03
    )
    image = next(iter(video_file.frames())).image
    detector = build_detector(DetectSettings(confidence=MaskSettings().min_score))
    try:
        found = detector.detect([image])
    finally:
        detector.close()
    rider = np.array([549, 200, 569, 239], np.float32)
    near = found[0].select(overlaps(rider[None], found[0].boxes)[0] > 0.3)
    assert len(set(near.labels.tolist())) > 1, "several labels share the rider"
    faint = Detections(found[0].boxes, found[0].scores * (0.2 / near.scores.max()), found[0].labels)
    for seen in (found[0], faint):  # as it is, and where no label alone is certain
        plan = plan_masks(
            VideoDetections(np.zeros(1), [seen], np.zeros(1, np.int64), image.width, image.height), MaskSettings()
        )
        boxes = plan.at(0).boxes
        assert ((boxes[:, :2] <= rider[:2]) & (boxes[:, 2:] >= rider[2:])).all(axis=1).any()


def test_a_walker_with_a_faint_bicycle_is_masked_once() -> None:
    """A bag or a shadow is a bicycle now and then, and the sum of both would be one more, larger mask."""
    walker = (RIDER, 0.9, Label.PERSON)
    alone = plan_masks(video([[walker]]), MaskSettings()).at(0)
    beside = plan_masks(video([[walker, (NEAR_IT, 0.12, Label.BICYCLE), (RIDER, 0.1, Label.CAR)]]), MaskSettings()).at(
        0
    )
    assert len(alone)
    assert beside.boxes.tolist() == alone.boxes.tolist()
