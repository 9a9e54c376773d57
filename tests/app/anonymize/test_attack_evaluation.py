"""Masks and recall are judged in each minute of a video: a good minute does not outvote a bad one."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np

from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.reference_recall import Recall
from pipeline.anonymize.residual_detections import estimate_miss_rate
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize.attack_evaluation import AttackResults, evaluate_attacks
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.verification import VerificationResult
from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import CharacterProbabilities
from pipeline.domain.video import VideoFrame, VideoInfo
from tests.anonymize.test_mesh import behind, crossed

PERSON, OTHER = (100.0, 40.0, 140.0, 120.0), (220.0, 40.0, 260.0, 120.0)
FRAMES, PACE_S = 80, 2
"""Nearly three minutes."""
WIRE = 40


def seen(*boxes: tuple[float, ...]) -> Detections:
    return Detections.build(list(boxes), [0.9] * len(boxes), [Label.PERSON] * len(boxes))


@dataclass(frozen=True)
class Gray:
    """A gray video of one frame in two seconds, whose frames hold their number."""

    damaged: int = 0

    @property
    def facts(self) -> VideoInfo:
        return VideoInfo(320, 180, Fraction(PACE_S), Fraction(1, PACE_S))

    def frames(self) -> Generator[VideoFrame, None, None]:
        for number in range(FRAMES):
            yield VideoFrame(number, number, ArrayImage(np.full((180, 320, 3), number, np.uint8)))


class SeesOthers:
    """A detector that sees another person in the second minute only."""

    name = "other"
    networks: tuple[NetworkIdentity, ...] = ()
    batch_size = 1

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        numbers = [int(image.bgr()[0, 0, 0]) for image in images]
        return [seen(OTHER) if number * PACE_S // 60 == 1 else seen(PERSON) for number in numbers]

    def close(self) -> None:
        pass


class ReadsNothing:
    """A plate reader that is not asked."""

    networks: tuple[NetworkIdentity, ...] = ()
    name = "none"

    def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
        raise AssertionError("there is no plate")


class SeesBehindFilledMeshes(SeesOthers):
    """A detector that sees a person where no wire hides them."""

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [seen(OTHER) if (image.bgr() == WIRE).mean() < 0.02 else seen() for image in images]


@dataclass(frozen=True)
class Fenced(Gray):
    """Ground in daylight, with a fence in front of its right half in some of the frames and a board in others."""

    fenced: Sequence[bool] = (True,)

    def frames(self) -> Generator[VideoFrame, None, None]:
        ground = np.random.default_rng(5).integers(90, 110, (180, 320, 3), dtype=np.uint8)
        wires = crossed(ground.shape, 13, 4, 45)
        wires[:, :160] = False
        board = ground.copy()
        board[:, :20] = WIRE
        for number, fenced in enumerate(self.fenced):
            yield VideoFrame(number, number, ArrayImage(behind(ground, wires, WIRE) if fenced else board))


def behind_meshes(fenced: Sequence[bool], found: Detections, pace_s: float) -> str:
    count = len(fenced)
    times_s = np.asarray(np.arange(count) * pace_s, np.float64)
    video = VideoDetections(times_s, [found] * count, np.zeros(count, np.int64), 320, 180)
    return evaluate_attacks(
        Fenced(fenced=fenced),
        Fenced(fenced=fenced),
        detections=video,
        plan=plan_masks(video, MaskSettings()),
        detectors=SeesBehindFilledMeshes(),
        plate_reader=ReadsNothing(),
        residual_plates=[],
        overlay=np.zeros((0, 4), np.float32),
        progress=Silent(),
    ).implausible


def test_people_who_show_when_a_mesh_on_a_part_is_filled_have_to_be_masked() -> None:
    problem = "behind a mesh, networks see persons or faces at 0:00.0 that no mask hides"
    assert [behind_meshes([True], found, 1.0) for found in (seen(), seen(OTHER))] == [problem, ""]


def test_a_mesh_of_three_seconds_of_a_minute_is_filled() -> None:
    fenced = [9 <= number < 11 for number in range(40)]
    assert behind_meshes(fenced, seen(), 1.5).startswith("behind a mesh, networks see persons or faces at 0:13.5")
    assert behind_meshes([number == 9 for number in range(12)], seen(), 1.5) == ""


@cache
def attacked() -> AttackResults:
    found = [seen(PERSON) if number * PACE_S // 60 != 1 else seen() for number in range(FRAMES)]
    video = VideoDetections(np.arange(FRAMES, dtype=np.float64) * PACE_S, found, np.zeros(FRAMES, np.int64), 320, 180)
    return evaluate_attacks(
        Gray(),
        Gray(),
        detections=video,
        plan=plan_masks(video, MaskSettings()),
        detectors=SeesOthers(),
        plate_reader=ReadsNothing(),
        residual_plates=[],
        overlay=np.zeros((0, 4), np.float32),
        progress=Silent(),
    )


def test_a_minute_whose_people_are_not_masked_is_named_among_others() -> None:
    assert attacked().implausible.startswith(
        "networks see persons or faces in 30 sampled frames of the original from 1:00.0 to 1:58.0, and masks hide only "
        "0% of them"
    )


def test_a_minute_of_low_recall_is_a_problem_of_the_video() -> None:
    attacks = replace(
        attacked(),
        implausible="",
        recall=Recall("", 30, 40),
        recall_of_parts=(Recall("from 0:00.0 to 0:59.0", 30, 30), Recall("from 1:00.0 to 1:59.0", 1, 10)),
    )
    result = VerificationResult(
        detectors=("other",),
        plate_reader="none",
        independent=True,
        residual=(),
        added_masks=0,
        rounds=0,
        miss_rate=estimate_miss_rate(0, 120.0, *attacks.recall.counts),
        attacks=attacks,
        weak_style=False,
    )
    assert result.problems == (
        "verification detectors find only 1 of 10 known objects in the original from 1:00.0 to 1:59.0",
    )
    assert replace(result, attacks=replace(attacks, recall_of_parts=attacks.recall_of_parts[:1])).problems == ()
