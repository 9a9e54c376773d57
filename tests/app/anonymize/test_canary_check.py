"""A verification that cannot see in a video refuses it, whatever made it blind."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.altered_frames import AlteredFrames
from pipeline.anonymize.canary import CanaryFrame
from pipeline.anonymize.video_sections import FrameVisibility, Visibility, frame_visibility
from pipeline.app.anonymize import canary_check
from pipeline.app.anonymize.verification import Verifier, open_verifier
from pipeline.decode.lazy_images import ArrayImage
from pipeline.demo.plate_scene import images
from pipeline.detect.detector_ensemble import DetectorEnsemble
from pipeline.detect.network_detector import NetworkDetector
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.ports import CharacterProbabilities, Detector
from pipeline.domain.video import VideoFrame, VideoInfo
from pipeline.errors import NotVerified
from pipeline.lpr.plate_reader import FastPlateReader
from tests.anonymize.test_bent_edges import rippled
from tests.anonymize.test_frame_disturbance import (
    bars,
    enlarged_noise,
    first_frame,
    grained,
    in_part,
    inverted_blocks,
    shifted_lines,
)

FRAMES = 8
Detect = Callable[[NetworkDetector, Sequence[Image]], list[Detections]]


@dataclass(frozen=True)
class Drawn:
    """Images in memory as a video of four frames per second, or of one in several seconds."""

    images: Sequence[BgrImage]
    damaged: int = 0
    pace_s: Fraction | int = Fraction(1, 4)

    @property
    def facts(self) -> VideoInfo:
        height, width = self.images[0].shape[:2]
        pace_s = Fraction(self.pace_s)
        return VideoInfo(width, height, pace_s, 1 / pace_s)

    def frames(self) -> Generator[VideoFrame, None, None]:
        for number, image in enumerate(self.images):
            yield VideoFrame(number, number, ArrayImage(image))


@pytest.fixture(scope="module")
def scene() -> Drawn:
    return Drawn(list(images(plates=["ABC1D23"], seconds=2, fps=4, size=(640, 360))))


@pytest.fixture(scope="module")
def glance(scene: Drawn) -> Drawn:
    """Its first two frames, for what is the same in each frame: every frame is searched with several networks."""
    return Drawn(scene.images[:2])


@pytest.fixture(scope="module")
def verifier(scene: Drawn) -> Iterator[Verifier]:
    opened = open_verifier((), "viapublica_traffic", None, in_addition=False)
    # Networks of other sizes are opened by the first search. What a test patches would fail their known answers, and
    # that verdict is cached for every process.
    opened.detectors.detect([ArrayImage(scene.images[0])])
    yield opened
    opened.close()


def test_a_verification_that_sees_passes(scene: Drawn, verifier: Verifier) -> None:
    verifier.check(scene, FRAMES)


def _nothing(_: NetworkDetector, images: Sequence[Image]) -> list[Detections]:
    return [Detections.empty() for _ in images]


def _changed(change: Callable[[Detections], Detections]) -> Detect:
    detect = NetworkDetector.detect
    return lambda self, images: [change(found) for found in detect(self, images)]


def _shrunk(found: Detections) -> Detections:
    center = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    return Detections(np.hstack([center - 1, center + 1]).astype(np.float32), found.scores, found.labels)


def _without_faces(found: Detections) -> Detections:
    return found.select(found.labels != Label.FACE)


def _unsure(found: Detections) -> Detections:
    return Detections(found.boxes, (found.scores * 0.4).astype(np.float32), found.labels)


@pytest.mark.parametrize(
    ("detect", "says"),
    [
        (_nothing, "misses the person and the face and the plate"),
        (_changed(_shrunk), "misses the person"),
        (_changed(_without_faces), "misses the face pasted into its frames"),
        (_changed(_unsure), "misses the person"),
    ],
)
def test_a_detector_that_went_blind_after_its_own_test_is_found_out(
    detect: Detect,
    says: str,
    glance: Drawn,
    verifier: Verifier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NetworkDetector, "detect", detect)
    with pytest.raises(NotVerified, match=f"counts as not verified: viapublica_check_int8 {says}"):
        verifier.check(glance, 2)


def test_detectors_that_lack_a_label_are_not_enough(glance: Drawn, verifier: Verifier) -> None:
    class Persons:
        """The same detector, which never heard of faces and plates."""

        def __init__(self, detector: Detector) -> None:
            self._detector = detector
            (network,) = detector.networks
            self.networks = (type(network)(network.name, "", "", "onnxruntime", "cpu", frozenset({Label.PERSON})),)
            self.name, self.batch_size = detector.name, 1

        def detect(self, images: Sequence[Image]) -> list[Detections]:
            return [found.labeled(Label.PERSON) for found in self._detector.detect(images)]

        def close(self) -> None:
            """The fixture closes it."""

    only = DetectorEnsemble([Persons(verifier.detectors.detectors[0])], independent=True)
    with pytest.raises(NotVerified, match="no verification detector finds the face or the plate"):
        Verifier(only, verifier.plate_reader).check(glance, 2)


def test_a_plate_reader_that_reads_nothing_is_found_out(
    glance: Drawn, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_: FastPlateReader, crops: Sequence[np.ndarray]) -> list[CharacterProbabilities]:
        return [CharacterProbabilities(np.full((9, 3), 1 / 3, np.float32), "AB_", "_") for _ in crops]

    monkeypatch.setattr(FastPlateReader, "read", read)
    with pytest.raises(NotVerified, match="viapublica_plates does not read the plate"):
        verifier.check(glance, 2)


def test_an_attack_that_matches_no_one_is_found_out(
    glance: Drawn, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary_check, "descriptor", lambda *_: np.ones(4))
    with pytest.raises(NotVerified, match="does not match unmasked persons"):
        verifier.check(glance, 2)


def test_a_video_in_which_nothing_is_visible_counts_as_not_verified(verifier: Verifier) -> None:
    dark = Drawn([np.full((240, 320, 3), 8, np.uint8) for _ in range(FRAMES)])
    with pytest.raises(NotVerified, match="too little contrast"):
        verifier.check(dark, FRAMES)


def test_the_round_image_of_a_ceiling_camera_is_refused_and_named(glance: Drawn, verifier: Verifier) -> None:
    height, width = glance.images[0].shape[:2]
    middle, center = min(height, width) / 2, (height // 2, height // 2)
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    turned = [cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE) for image in glance.images]
    polar = [cv2.warpPolar(image, (height, height), center, middle, flags) for image in turned]
    round_images = [np.asarray(image, np.uint8) for image in polar]
    outside = np.hypot(*(np.indices((height, height)) - middle)) > middle - 1
    for image in round_images:
        image[outside] = 0
    with pytest.raises(NotVerified, match="round image of a 360-degree camera"):
        verifier.check(Drawn(round_images), len(round_images))


def test_false_colors_of_a_thermal_camera_are_refused_in_any_frame(street: BgrImage, verifier: Verifier) -> None:
    street = np.asarray(cv2.resize(street, (240, 135), interpolation=cv2.INTER_AREA), np.uint8)
    colored = np.asarray(cv2.applyColorMap(cv2.cvtColor(street, cv2.COLOR_BGR2GRAY), cv2.COLORMAP_HSV), np.uint8)
    beside = np.hstack([street, street])
    for image, usual in ((colored, street), (np.hstack([street, colored]), beside)):
        images = [usual] * 12
        images[5] = image
        with pytest.raises(
            NotVerified, match=r"in frames at 0:01\.2, all or in part, most of the image is colored, in many hues"
        ):
            verifier.check(Drawn(images), len(images))


def test_a_street_at_dusk_can_be_verified(glance: Drawn, verifier: Verifier) -> None:
    verifier.check(Drawn([(image * 0.5).astype(np.uint8) for image in glance.images]), 2)


def _dark(scene: Drawn, numbers: Sequence[int]) -> list[BgrImage]:
    return [
        (image * 0.03).astype(np.uint8) if number in numbers else image for number, image in enumerate(scene.images)
    ]


@pytest.mark.parametrize("dark", [range(1, FRAMES), range(FRAMES - 2, FRAMES), range(2)])
def test_one_bright_part_does_not_make_dark_frames_visible(dark: range, scene: Drawn, verifier: Verifier) -> None:
    with pytest.raises(NotVerified, match="too little contrast"):
        verifier.check(Drawn(_dark(scene, dark)), FRAMES)


@pytest.mark.parametrize("bright", [np.s_[:12], np.s_[:, 350:]])
def test_a_caption_or_a_bright_half_does_not_make_the_rest_visible(
    bright: tuple[slice, ...], scene: Drawn, verifier: Verifier
) -> None:
    images = _dark(scene, range(FRAMES))
    for image in images:
        image[bright] = 230
    with pytest.raises(NotVerified, match="counts as not verified"):
        verifier.check(Drawn(images), FRAMES)


def test_a_clip_may_fade_in(scene: Drawn, verifier: Verifier) -> None:
    images = [scene.images[0]] * 12
    verifier.check(Drawn([(images[0] * 0.02).astype(np.uint8), *images[1:]]), 12)


def test_a_cut_and_a_fade_from_black_in_an_ordinary_clip_pass(
    scene: Drawn, street: BgrImage, verifier: Verifier
) -> None:
    small = np.asarray(cv2.resize(street, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
    fade = [(scene.images[0] * share).astype(np.uint8) for share in (0.0, 0.02, 0.15, 0.5)]
    images = [*fade, *scene.images, *[small] * 8]
    verifier.check(Drawn(images), len(images))


@pytest.mark.parametrize(
    "disturbed",
    [partial(bars, pitch=20, width=10, upright=False), partial(grained, deviation=50, px=4)],
    ids=["slats", "noise"],
)
def test_four_disturbed_frames_of_another_view_make_a_clip_not_verified(
    disturbed: Callable[[BgrImage], BgrImage], road: BgrImage, street: BgrImage, verifier: Verifier
) -> None:
    """They were between the samples, or few enough of these to be tolerated."""
    size = (road.shape[1], road.shape[0])
    crowd = disturbed(np.asarray(cv2.resize(street, size, interpolation=cv2.INTER_AREA), np.uint8))
    with pytest.raises(NotVerified, match=r"pasted into its frames from 0:02\.2 to 0:03\.0"):
        verifier.check(Drawn([*[road] * 9, *[crowd] * 4, *[road] * 5]), 18)


def test_a_scene_that_is_refused_alone_is_refused_among_others(
    road: BgrImage, street: BgrImage, verifier: Verifier
) -> None:
    small = np.asarray(cv2.resize(street, road.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
    dusk = grained((small * 0.25).astype(np.uint8), 16, 2)
    for clip in ([dusk], [*[road] * 16, dusk, dusk]):
        with pytest.raises(NotVerified, match="pasted into its frames"):
            verifier.check(Drawn(clip), len(clip))


def test_a_few_dark_frames_in_which_a_person_could_be_seen_are_not_tolerated(scene: Drawn, verifier: Verifier) -> None:
    images = [scene.images[0]] * 18
    with pytest.raises(NotVerified, match="counts as not verified"):
        verifier.check(Drawn([(images[0] * 0.05).astype(np.uint8), *images[1:]]), 18)


def test_a_long_clip_needs_few_searches(
    road: BgrImage, glance: Drawn, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = list[CanaryFrame]()
    monkeypatch.setattr(canary_check, "_check_detectors", lambda _, canaries, *__: searched.extend(canaries))
    small = np.asarray(cv2.resize(road, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
    verifier.check(Drawn([small] * 24), 24)
    assert len(searched) <= 9
    searched.clear()
    verifier.check(Drawn([image for _ in range(12) for image in (small, glance.images[0])]), 24)
    assert len(searched) <= 9 + 6, "alike scenes are tested by the hardest of them"


@pytest.mark.parametrize(("frames", "is_tested"), [((3, 32), True), ((2, 32), False), ((2, 12), True)])
def test_a_part_that_is_bent_between_the_samples_is_tested_unless_masks_bridge_it(
    frames: tuple[int, int], is_tested: bool, street: BgrImage, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = np.asarray(cv2.resize(street, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
    bent = in_part(straight, rippled(straight, 6, 24), np.s_[150:], np.s_[320:])
    searched, measured = list[BgrImage](), dict[bytes, FrameVisibility]()

    def once(image: BgrImage, *_: object) -> FrameVisibility:
        if (pixels := image.tobytes()) not in measured:
            measured[pixels] = frame_visibility(image)
        return measured[pixels]

    monkeypatch.setattr(canary_check, "frame_visibility", once)
    monkeypatch.setattr(AlteredFrames, "add", lambda *_: None)
    monkeypatch.setattr(canary_check, "canary_frame", lambda image, _: searched.append(image))
    monkeypatch.setattr(canary_check, "_check_detectors", lambda *_: None)
    monkeypatch.setattr(canary_check, "_check_reader", lambda *_: None)
    clip = [bent if 5 <= number < 5 + frames[0] else straight for number in range(frames[1])]
    verifier.check(Drawn(clip, pace_s=Fraction(3, 20)), len(clip))
    assert once(bent).kind is Visibility.BENT_PART
    assert any((image == bent).all() for image in searched) is is_tested


def test_a_bad_minute_of_a_long_clip_is_not_outvoted(
    scene: Drawn, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of nine even samples of the whole clip could fail."""
    bad = scene.images[0].copy()
    bad[-1, -1] = 255

    def missed(_: object, canaries: canary_check._CanaryVideo, __: float) -> list[frozenset[Label]]:
        images = [one.image for one in canaries.canaries]
        return [frozenset(canary_check.WANTED if (image[-1, -1] == 255).all() else ()) for image in images]

    monkeypatch.setattr(canary_check, "_missed_labels", missed)
    good = [scene.images[0]] * 4
    verifier.check(Drawn(good * 2, pace_s=15), 8)
    with pytest.raises(NotVerified, match=r"misses the person.* pasted into its frames from 2:00\.0 to 2:45\.0"):
        verifier.check(Drawn([*good * 2, *[bad] * 4, *good], pace_s=15), 16)


def test_a_faint_minute_of_a_long_clip_is_refused_and_a_blank_one_is_not(
    scene: Drawn, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary_check, "_missed_labels", lambda _, canaries, __: [frozenset()] * len(canaries.canaries))
    monkeypatch.setattr(canary_check, "_check_reader", lambda *_: None)
    good, blank = [scene.images[0]] * 4, np.zeros_like(scene.images[0])
    faint = (100 + scene.images[0].astype(np.float32) * 0.04).astype(np.uint8)
    assert frame_visibility(faint).kind is Visibility.FAINT
    verifier.check(Drawn([*good * 4, *[blank] * 4], pace_s=15), 20)
    with pytest.raises(NotVerified, match=r"3 of 4 frames from 4:00\.0 to 4:45\.0 show nothing"):
        verifier.check(Drawn([*good * 4, *[faint] * 3, good[0]], pace_s=15), 20)


@pytest.fixture(scope="module")
def road(data_dir: Path) -> BgrImage:
    return first_frame(data_dir / "clips" / "car-detection.mp4")


def test_a_single_frame_is_enough(scene: Drawn, verifier: Verifier) -> None:
    verifier.check(Drawn(scene.images[:1]), 1)


@pytest.fixture(scope="module")
def street(data_dir: Path) -> BgrImage:
    return first_frame(data_dir / "clips" / "people-walking.mp4")


@pytest.mark.parametrize(
    "disturbed",
    [
        partial(bars, pitch=20, width=10, upright=False),
        partial(bars, pitch=24, width=12, upright=True),
        partial(shifted_lines, lines=16),
        partial(grained, deviation=50, px=4),
        partial(enlarged_noise, deviation=50, times=4),
        lambda street: in_part(street, bars(street, 20, 10, upright=False), np.s_[:], np.s_[:426]),
        lambda street: in_part(street, bars(street, 24, 12, upright=True), np.s_[360:], np.s_[640:]),
    ],
    ids=["slats", "grille", "lost-sync", "noise", "enlarged", "slats-left", "grille-quarter"],
)
def test_a_street_behind_a_disturbance_is_not_verified(
    disturbed: Callable[[BgrImage], BgrImage], street: BgrImage, verifier: Verifier
) -> None:
    """Objects pasted on top of it were found, and the people behind it were not."""
    with pytest.raises(NotVerified, match="pasted into its frames"):
        verifier.check(Drawn([disturbed(street)]), 1)


def test_a_street_in_inverted_blocks_stands_out_of_gray(street: BgrImage, verifier: Verifier) -> None:
    with pytest.raises(NotVerified, match="as in relief"):
        verifier.check(Drawn([inverted_blocks(street, px=24)]), 1)


def test_the_same_street_undisturbed_is_verified(street: BgrImage, verifier: Verifier) -> None:
    verifier.check(Drawn([street]), 1)
