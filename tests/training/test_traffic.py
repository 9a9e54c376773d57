"""Pseudo-labels: what teachers agree on is a label, what they doubt is painted over; boxes follow what is pasted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

from models.training.degrade import Image
from models.training.sources import Sample
from models.training.traffic.bank import Bank, Labeled
from models.training.traffic.compose import compose
from models.training.traffic.evaluate import evaluate, matched
from models.training.traffic.fuse import Opinion, fuse, inside
from models.training.traffic.label import turn
from models.training.traffic.material import decide, false_plates, machine_and_rider, paint
from models.training.traffic.teachers import Found
from pipeline.domain.detections import overlaps


def sample(source: str = "clips/x.mp4") -> Sample:
    return Sample(f"{source}#0", source, Path("x"))


def test_teachers_are_fused_by_their_weight() -> None:
    first = [("car", 0.0, 0.0, 10.0, 10.0, 0.9)]
    second = [("car", 0.0, 0.0, 12.0, 10.0, 0.3), ("bus", 50.0, 0.0, 90.0, 30.0, 0.8)]
    (opinion,) = fuse([first, second], "car")
    assert opinion.score == pytest.approx(0.6)
    assert opinion.xyxy == pytest.approx((0, 0, 10.5, 10))
    (bus,) = fuse([first, second], "bus")
    assert bus.score == pytest.approx(0.4), "one of two teachers"


def test_a_teacher_who_sees_one_object_twice_counts_once() -> None:
    twice = [("car", 0.0, 0.0, 10.0, 10.0, 0.9), ("car", 1.0, 0.0, 10.0, 10.0, 0.8)]
    (opinion,) = fuse([twice], "car")
    assert opinion.score == pytest.approx(0.9)


def test_overlap_and_inside() -> None:
    big, small = np.array([[0, 0, 10, 10]]), np.array([[0, 0, 5, 10]])
    assert overlaps(big, small)[0, 0] == pytest.approx(0.5)
    assert inside(small, big)[0, 0] == pytest.approx(1.0)
    assert inside(big, small)[0, 0] == pytest.approx(0.5)


def test_agreement_is_a_label_doubt_is_painted_and_the_collector_knows_best() -> None:
    opinions = [
        Opinion("car", (100, 100, 200, 200), 0.8),
        Opinion("truck", (102, 100, 198, 200), 0.3),
        Opinion("person", (300, 100, 320, 160), 0.25),
        Opinion("plate", (140, 180, 160, 190), 0.9),
    ]
    decision = decide(sample(), [("plate", (138.0, 179.0, 161.0, 191.0))], opinions)
    assert [word for word, _ in decision.labels] == ["plate", "car"]
    assert list(decision.unsure) == [(300, 100, 320, 160)]


def test_where_the_collector_labeled_everything_teachers_add_nothing() -> None:
    opinions = [Opinion("person", (0, 0, 50, 90), 0.9), Opinion("face", (20, 5, 30, 18), 0.9)]
    decision = decide(sample("coco-val-people-vehicles"), [("car", (200.0, 0.0, 300.0, 90.0))], opinions)
    assert [word for word, _ in decision.labels] == ["car", "face"]


def test_a_vehicle_without_a_class_gets_the_teachers_word() -> None:
    box = (0.0, 0.0, 100.0, 60.0)
    near = [Opinion("bus", (2, 0, 100, 60), 0.3), Opinion("car", (0, 0, 40, 60), 0.9)]
    assert decide(sample(), [("vehicle", box)], near).labels[0][0] == "bus"
    assert decide(sample(), [("vehicle", box)], []).labels[0][0] == "car"


def test_a_box_around_machine_and_riders_becomes_what_the_teachers_see_in_it() -> None:
    around = (100.0, 100.0, 160.0, 220.0)
    rider, machine = (110.0, 100.0, 150.0, 190.0), (100.0, 150.0, 160.0, 220.0)
    seen = [Opinion("person", rider, 0.2), Opinion("motorcycle", machine, 0.1), Opinion("person", (0, 0, 50, 90), 0.9)]
    assert machine_and_rider("motorcycle", around, seen) == [("motorcycle", machine), ("person", rider)]
    assert machine_and_rider("car", around, seen) == [("car", around)]


def test_where_no_teacher_sees_them_machine_and_rider_have_their_usual_places() -> None:
    around = (100.0, 100.0, 160.0, 220.0)
    (word, machine), (person, rider) = machine_and_rider("bicycle", around, [])
    assert (word, person) == ("bicycle", "person")
    assert rider[1] == 100, "from the head"
    assert machine[3] == 220, "to the wheels"
    assert overlaps(np.array([machine]), np.array([rider]))[0, 0] > 0.2, "the rider sits on it"


def test_a_source_without_plates_has_none_whatever_a_teacher_sees() -> None:
    seen = [Opinion("plate", (0.0, 0.0, 40.0, 12.0), 0.9), Opinion("car", (0.0, 0.0, 90.0, 60.0), 0.9)]
    decision = decide(sample("negatives-no-plates"), [], seen)
    assert [word for word, _ in decision.labels] == ["car"]
    assert list(decision.unsure) == []


def test_doubts_never_hide_a_label() -> None:
    opinions = [Opinion("car", (100, 100, 200, 200), 0.9), Opinion("person", (90, 90, 210, 210), 0.3)]
    assert list(decide(sample(), [], opinions).unsure) == []


def test_painting_is_flat_and_leaves_the_rest() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    painted = paint(image, [(10, 10, 20, 20)])
    assert (painted[12:18, 12:18] == 114).all()
    assert (painted[25:] == 200).all()
    assert (image == 200).all()


def test_a_composed_image_has_a_box_per_word_within_its_borders() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    boxes = np.array([[50, 60, 150, 200], [300, 100, 420, 220]], np.float32)
    base = Labeled(noise, boxes, ["person", "car"])
    face = Labeled(noise[:60, :50], np.array([[9, 10, 41, 50]], np.float32), ["face"])
    rider = Labeled(noise[:90, :60], np.array([[5, 30, 55, 90], [10, 0, 50, 60]], np.float32), ["motorcycle", "person"])
    bank = Bank([face], {"motorcycle": [rider]})
    pasted = 0
    for seed in range(30):
        made = compose(base, bank, np.random.default_rng(seed))
        assert len(made.boxes) == len(made.words)
        height, width = made.image.shape[:2]
        assert (made.boxes[:, :2] >= -0.5).all()
        assert (made.boxes[:, 2] <= width + 0.5).all()
        assert (made.boxes[:, 3] <= height + 0.5).all()
        pasted += len(made.words) > 2
    assert pasted > 10


def test_some_composed_images_are_close_ups_of_a_plate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.training.traffic.compose._CLOSE_UPS", 1.0)
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    plate = np.array([[100, 100, 220, 140], [120, 80, 180, 130]], np.float32)
    for base in (Labeled(noise, plate, ["plate", "person"]), Labeled(noise, plate[:0], [])):
        for seed in range(10):
            made = compose(base, Bank([], {}), np.random.default_rng(seed))
            (box,) = [box for box, word in zip(made.boxes, made.words, strict=True) if word == "plate"]
            assert 0.15 < (box[2] - box[0]) / made.image.shape[1] <= 1.0
            assert max(made.image.shape) <= 640


def test_a_motorcycle_is_cut_out_with_its_rider_and_not_with_half_a_passer_by() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    boxes = np.array([[100, 100, 160, 200], [110, 60, 150, 160], [250, 50, 350, 150]], np.float32)
    words = ["motorcycle", "person", "car"]
    bank = Bank.cut_from([Labeled(image, boxes, words)])
    (cut_out,) = bank.vehicles["motorcycle"]
    assert cut_out.words == ["motorcycle", "person"]
    assert cut_out.boxes.tolist() == [[0, 40, 60, 140], [10, 0, 50, 100]]
    assert cut_out.image.shape == (140, 60, 3)
    assert len(bank.vehicles["car"]) == 1
    beside = np.vstack([boxes, [[155, 90, 200, 250]]]).astype(np.float32)
    assert "motorcycle" not in Bank.cut_from([Labeled(image, beside, [*words, "person"])]).vehicles


def test_each_labeled_box_is_found_once_at_most() -> None:
    labeled = np.array([[0, 0, 10, 10], [100, 0, 110, 10]], np.float32)
    found = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [100, 0, 104, 10]], np.float32)
    right, taken = matched(found, labeled, 0.5)
    assert (right.tolist(), taken.tolist()) == ([True, False, False], [True, False])
    right, taken = matched(found, labeled, 0.4)
    assert (right.tolist(), taken.tolist()) == ([True, False, True], [True, True])
    assert matched(found[:0], labeled, 0.5)[1].tolist() == [False, False]


_PLATE: Final[Found] = ("plate", 10.0, 12.0, 30.0, 25.0, 0.9)


class _Sees:
    """A teacher that sees the same in every image."""

    name = "sees"
    labels = frozenset({"plate", "car"})

    def __init__(self, *found: Found) -> None:
        self._found = found

    def detect(self, image: Image) -> list[Found]:
        del image
        return list(self._found)


def test_a_plate_seen_where_there_is_none_counts_without_a_label(tmp_path: Path) -> None:
    file = tmp_path / "page.png"
    cv2.imwrite(str(file), np.zeros((20, 30, 3), np.uint8))
    result = evaluate([Sample("negatives-no-plates/page.png", "negatives-no-plates", file)], _Sees(_PLATE))
    score = result.scores["negatives-no-plates", "plate"]
    assert (score.labeled, score.beside) == (0, 1.0)
    assert len(result.scores) == 1


def test_what_a_detector_takes_for_a_plate_where_there_is_none_is_cut_out() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    small, car = ("plate", 1.0, 1.0, 9.0, 5.0, 0.9), ("car", 0.0, 0.0, 40.0, 40.0, 0.9)
    (patch,) = false_plates(image, [_Sees(_PLATE, small), _Sees(car)])
    assert (patch.image == image[12:26, 10:31]).all()
    assert not len(patch.words)


def test_labels_come_from_clips_first_then_from_all_sources_mixed(tmp_path: Path) -> None:
    images = [Sample(f"{source}/{n}", source, tmp_path) for source in ("a", "b") for n in range(8)]
    clip = Sample("clip#3", "clip", tmp_path, frame=3)
    order = sorted([*images, clip], key=turn)
    assert order[0] is clip
    assert {sample.source for sample in order[1:9]} == {"a", "b"}
