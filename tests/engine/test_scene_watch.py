"""One scene under two declarations is found by its images, and plates of both cameras stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.detect.image_region import WholeImage
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import AlertEvent
from pipeline.domain.frame import Frame
from pipeline.engine.scene_watch import SceneWatch, difference_hash
from pipeline.policy.gate import Gate, Refusal
from tests.event_samples import plate_read

_EVERY = 10
_Pixels = npt.NDArray[np.uint8]


def images(path: Path, count: int = 20) -> Iterator[_Pixels]:
    """Frames of some tenths of a second, in which something moves."""
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= count * _EVERY:
                return
            if number % _EVERY:
                continue
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def gate() -> Gate:
    return Gate({"road": Camera("road", Scope.PUBLIC_ROAD), "square": Camera("square", Scope.PUBLIC_SQUARE)})


def watch(
    checked: Gate, scenes: SceneWatch | None = None, begin_s: int = 0, **pixels: list[_Pixels]
) -> list[AlertEvent]:
    scenes = scenes or SceneWatch(checked)
    found = []
    for number in range(max(map(len, pixels.values()))):
        second = begin_s + number
        for camera_id, given in pixels.items():
            if number < len(given):
                frame = Frame(camera_id, "5", second, float(second), second * 1000, 0.0, WholeImage(given[number]))
                found += [alert for alert in scenes.check([frame]) if isinstance(alert, AlertEvent)]
    return found


def changed(image: _Pixels) -> _Pixels:
    """The same scene as another stream of the camera sends it: smaller, brighter, compressed harder, with noise."""
    small = cv2.resize(image, (640, 360), interpolation=cv2.INTER_AREA).astype(int)
    noisy = small * 1.1 + 8 + np.random.default_rng(1).normal(0, 4, small.shape)
    _, data = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 40])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def test_the_same_scene_stops_plates_of_both_and_alerts(data_dir: Path) -> None:
    scene = list(images(data_dir / "clips" / "car-detection.mp4"))
    checked = gate()
    alerts = watch(checked, square=scene, road=[changed(image) for image in scene])
    assert {(alert.camera_id, alert.subject, alert.rule) for alert in alerts} == {
        ("road", "square", "scene-conflict"),
        ("square", "road", "scene-conflict"),
    }
    assert isinstance(checked.admit(plate_read(1, camera="road")), Refusal)
    assert "same scene as camera square" in checked.without_plates()["road"]
    assert all(not isinstance(checked.admit(alert), Refusal) for alert in alerts)


def _black(image: _Pixels, begin: float) -> _Pixels:
    image = image.copy()
    image[:, round(begin * image.shape[1]) :] = 0
    return image


VARIANTS: dict[str, Callable[[_Pixels], Any]] = {
    "cropped on one side": lambda image: image[:, image.shape[1] * 3 // 100 :],
    "cropped": lambda image: image[image.shape[0] // 20 : -image.shape[0] // 20, image.shape[1] // 20 :],
    "upside down": lambda image: np.ascontiguousarray(image[::-1, ::-1]),
    "masked": lambda image: _black(image, 2 / 3),
    "letterboxed": lambda image: cv2.copyMakeBorder(image, 80, 80, 0, 0, cv2.BORDER_CONSTANT),
    "dark": lambda image: (image * 0.12).astype(np.uint8),
    "hazy": lambda image: (100 + image * 0.15).astype(np.uint8),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_another_section_turned_masked_or_dark_is_the_same_scene(data_dir: Path, name: str) -> None:
    scene = list(images(data_dir / "clips" / "highway-motorbike.mp4", 13))
    checked = gate()
    alerts = watch(checked, square=scene, road=[VARIANTS[name](image) for image in scene])
    assert {alert.rule for alert in alerts} == {"scene-conflict"}
    assert isinstance(checked.admit(plate_read(1, camera="road")), Refusal)


@pytest.mark.parametrize("other", ["people-walking", "highway-motorbike", "traffic-plates-nz"])
def test_other_scenes_are_told_apart(data_dir: Path, other: str) -> None:
    checked = gate()
    scenes = {name: list(images(data_dir / "clips" / f"{name}.mp4")) for name in ("car-detection", other)}
    assert watch(checked, square=scenes["car-detection"], road=scenes[other]) == []
    assert not isinstance(checked.admit(plate_read(1, camera="road")), Refusal)


def test_dark_images_and_a_few_matches_prove_nothing(data_dir: Path) -> None:
    dark = [np.zeros((360, 640, 3), np.uint8)] * 30
    assert watch(gate(), square=dark, road=dark) == []
    assert difference_hash(dark[0]) is None
    few = list(images(data_dir / "clips" / "car-detection.mp4", 9))
    assert watch(gate(), square=few, road=few) == []


def test_two_cameras_that_may_both_read_plates_are_not_compared(data_dir: Path) -> None:
    both = Gate({name: Camera(name, Scope.PUBLIC_ROAD) for name in ("one", "other")})
    scene = list(images(data_dir / "clips" / "car-detection.mp4"))
    assert watch(both, one=scene, other=scene) == []


def slate(second: int) -> _Pixels:
    """What a recorder shows for a camera that is off: color bars, a text, a running clock."""
    image = np.zeros((360, 640, 3), np.uint8)
    for number, color in enumerate([(192, 192, 192), (0, 192, 192), (192, 192, 0), (0, 192, 0), (192, 0, 192)]):
        image[:, number * 128 : (number + 1) * 128] = color
    cv2.putText(image, "NO SIGNAL", (200, 180), 0, 1.6, (255, 255, 255), 4)
    cv2.putText(image, f"05:00:{second:02d}", (500, 345), 0, 0.8, (255, 255, 255), 2)
    return image


def test_a_slate_that_two_cameras_show_proves_nothing() -> None:
    checked = gate()
    off = [slate(second) for second in range(60)]
    assert difference_hash(off[0]) is not None
    assert watch(checked, square=off, road=off) == []
    assert not isinstance(checked.admit(plate_read(1, camera="road")), Refusal)


def test_a_conflict_ends_when_the_scenes_have_differed_for_long(data_dir: Path) -> None:
    scene, other = (list(images(data_dir / "clips" / f"{name}.mp4")) for name in ("car-detection", "people-walking"))
    checked, now_ms = gate(), [0]
    scenes = SceneWatch(checked, lambda: now_ms[0])
    assert {alert.rule for alert in watch(checked, scenes, square=scene, road=scene)} == {"scene-conflict"}
    assert watch(checked, scenes, 100, square=other[:1] * 1500, road=scene[:1] * 899) == []
    assert isinstance(checked.admit(plate_read(1, camera="road")), Refusal)
    now_ms[0] = 3_600_000
    assert [alert.rule for alert in watch(checked, scenes, 2000, square=other[:1])] == ["scene-conflict"] * 2
    ended = watch(checked, scenes, 2001, road=scene[:1] * 200)
    assert {(alert.camera_id, alert.subject, alert.rule) for alert in ended} == {
        ("road", "square", "scene-conflict-ended"),
        ("square", "road", "scene-conflict-ended"),
    }
    assert all(not isinstance(checked.admit(alert), Refusal) for alert in ended)
    assert not isinstance(checked.admit(plate_read(1, camera="road")), Refusal)
    assert isinstance(checked.admit(plate_read(1, camera="square")), Refusal)


def test_the_conflict_of_a_camera_that_is_removed_ends_for_the_other(data_dir: Path) -> None:
    scene = list(images(data_dir / "clips" / "car-detection.mp4"))
    checked = gate()
    scenes = SceneWatch(checked)
    watch(checked, scenes, square=scene, road=scene)
    scenes.forget("square")
    assert not isinstance(checked.admit(plate_read(1, camera="road")), Refusal)
    ended = scenes.check([])
    assert [(alert.camera_id, alert.rule) for alert in ended if isinstance(alert, AlertEvent)] == [
        ("road", "scene-conflict-ended")
    ]
