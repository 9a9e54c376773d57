"""Cameras whose images show nothing are reported; nights, empty roads and captions are no defects."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.image_defects import dazzled, dirty
from pipeline.detect.image_region import WholeImage
from pipeline.domain.events import LIFE_SIGN, AlertEvent, Event, HealthEvent
from pipeline.domain.frame import Frame
from pipeline.domain.ports import SourceState
from pipeline.engine.image_quality import SAMPLE_PX, Defect, defect, judged_part
from pipeline.engine.image_watch import ImageWatch
from tests.engine.test_scene_watch import images

_Pixels = npt.NDArray[np.uint8]
_RANDOM = np.random.default_rng(7)
_NOISE = _RANDOM.normal(0, 1, (180, 320))
BEGIN_MS = 1_000_000


class Watched:
    """One live camera that sends an image a second."""

    def __init__(self) -> None:
        self.watch = ImageWatch(lambda: self.now_ms)
        self.now_ms = BEGIN_MS

    def send(self, image: Callable[[], _Pixels], seconds: int, stream_id: str = "5") -> list[tuple[str, int, str]]:
        """State and alerts: their name, seconds since the begin, detail."""
        found: list[Event] = []
        for _ in range(seconds):
            frame = Frame("cam", stream_id, 0, 0.0, self.now_ms, self.now_ms / 1000, WholeImage(image()))
            found += self.watch.check([frame], {"cam"}, {})
            self.now_ms += 1000
        return [
            (one.state if isinstance(one, HealthEvent) else one.rule, (one.ts_ms - BEGIN_MS) // 1000, one.detail)
            for one in found
            if isinstance(one, HealthEvent | AlertEvent)
        ]


def noisy(image: _Pixels, sigma: float = 2.0) -> _Pixels:
    """As a sensor and a scaler of a larger image leave it."""
    noise = np.roll(_NOISE, _RANDOM.integers(0, 1000, 2), (0, 1))[: image.shape[0], : image.shape[1], None]
    return np.clip(image + sigma * noise, 0, 255).astype(np.uint8)


def captioned(image: _Pixels) -> _Pixels:
    image = image.copy()
    cv2.putText(image, "CAM 01 2026-11-30 05:00:00", (5, 13), 0, 0.4, (255, 255, 255), 1)
    return image


def night() -> _Pixels:
    """A dark road with a few lamps and a pair of headlights."""
    image = np.full((180, 320, 3), 6, np.uint8)
    for x in range(30, 320, 65):
        cv2.circle(image, (x, 55), 5, (200, 220, 255), -1)
    cv2.circle(image, (150, 125), 4, (255, 255, 255), -1)
    return noisy(image, 3)


@pytest.fixture(scope="module")
def street(data_dir: Path) -> _Pixels:
    (image, *_) = images(data_dir / "clips" / "car-detection.mp4", 1)
    return np.asarray(cv2.resize(image, SAMPLE_PX, interpolation=cv2.INTER_AREA), np.uint8)


def blank(level: int) -> _Pixels:
    return captioned(noisy(np.full((180, 320, 3), level, np.uint8)))


def test_each_defect_is_a_state_from_its_begin_on_and_an_alert_until_it_is_over(street: _Pixels) -> None:
    bad: dict[Defect, Callable[[], _Pixels]] = {
        Defect.DARK: lambda: blank(4),
        Defect.BRIGHT: lambda: blank(250),
        Defect.UNIFORM: lambda: blank(90),
        Defect.BLURRED: lambda: captioned(noisy(cv2.GaussianBlur(street, (0, 0), 4))),  # type: ignore[arg-type]
    }
    for found, image in bad.items():
        camera = Watched()
        assert camera.send(lambda: noisy(street), 20) == []
        assert camera.send(image, 10) == []
        unusable = [("unusable", 20, found.value), ("image-unusable", 30, found.value)]
        assert camera.send(image, 90) == unusable
        assert camera.watch.details == {"cam": found.value}
        assert camera.send(lambda: noisy(street), 30) == [
            ("streaming", 120, ""),
            ("image-restored", 125, "its images are usable again"),
        ]
        assert camera.watch.details == {}


def test_an_image_that_does_not_change_for_a_minute_is_frozen(street: _Pixels) -> None:
    camera = Watched()
    assert camera.send(lambda: noisy(street), 20) == []
    assert camera.send(lambda: street, 60) == []
    assert [one[:2] for one in camera.send(lambda: street, 20)] == [("unusable", 20), ("image-unusable", 80)]
    assert [name for name, *_ in camera.send(lambda: noisy(street), 10)] == ["streaming", "image-restored"]


@pytest.mark.parametrize(("made", "found", "begins_s"), [(dazzled, Defect.DAZZLED, 10), (dirty, Defect.DIRTY, 300)])
def test_light_in_the_lens_and_dirt_on_it_are_reported_where_detail_was_usual(
    data_dir: Path, made: Callable[[_Pixels, tuple[float, float]], _Pixels], found: Defect, begins_s: int
) -> None:
    clip = data_dir.parent / "data2" / "clips-motorway" / "625_201709041716.mp4"
    (image, *_) = images(clip, 1)
    motorway = np.asarray(cv2.resize(image, SAMPLE_PX, interpolation=cv2.INTER_AREA), np.uint8)
    camera, spoiled = Watched(), made(motorway, (0.45, 0.5))
    assert camera.send(lambda: noisy(motorway), 130) == []
    assert camera.send(lambda: noisy(spoiled), begins_s - 1) == []
    (state, alert) = camera.send(lambda: noisy(spoiled), 10)
    assert (state[0], state[2], alert[0]) == ("unusable", found.value, "image-unusable")
    assert 130 <= state[1] <= 132, "from its begin on"
    assert [name for name, *_ in camera.send(lambda: noisy(motorway), 10)] == ["streaming", "image-restored"]


def test_dusk_and_a_bus_at_a_light_take_no_detail_for_long(data_dir: Path) -> None:
    clip = data_dir.parent / "data2" / "clips-motorway" / "625_201709041716.mp4"
    (image, *_) = images(clip, 1)
    motorway = np.asarray(cv2.resize(image, SAMPLE_PX, interpolation=cv2.INTER_AREA), np.uint8)
    bus = motorway.copy()
    bus[40:150, 60:200] = 180
    camera = Watched()
    assert camera.send(lambda: noisy(motorway), 130) == []
    assert camera.send(lambda: noisy(bus), 240) == []
    for share in np.linspace(1, 0.35, 60):
        assert camera.send(lambda share=share: noisy((motorway * share).astype(np.uint8)), 5) == []  # type: ignore[misc]


def test_nights_with_lights_empty_roads_and_short_defects_are_usable(street: _Pixels) -> None:
    camera = Watched()
    assert camera.send(night, 90) == []
    assert camera.send(lambda: noisy(street, 0.8), 90) == []
    for _ in range(5):
        assert camera.send(lambda: blank(4), 8) == []
        assert camera.send(lambda: noisy(street), 12) == []


def test_defects_that_come_and_go_for_most_of_a_minute_are_reported(street: _Pixels) -> None:
    camera, found = Watched(), []
    for _ in range(8):
        found += camera.send(lambda: blank(4), 8) + camera.send(lambda: noisy(street), 2)
    assert [one[0] for one in found] == ["unusable", "image-unusable"]
    assert [name for name, *_ in camera.send(lambda: noisy(street), 60)] == ["streaming", "image-restored"]


@pytest.mark.parametrize("share", [0.6, 0.95])
@pytest.mark.parametrize("what", ["black", "gray", "blurred"])
def test_an_image_that_is_obstructed_for_the_most_part_is_reported(data_dir: Path, share: float, what: str) -> None:
    (image, *_) = images(data_dir / "clips" / "highway-motorbike.mp4", 1)
    part = image[:, : round(share * image.shape[1])]
    part[:] = cv2.GaussianBlur(part, (0, 0), 25) if what == "blurred" else {"black": 5, "gray": 128}[what]
    sample = WholeImage(image).resized(*SAMPLE_PX)
    assert defect(judged_part(sample)) is Defect.EMPTY


def test_color_bars_a_lost_video_noise_and_haze_show_nothing(data_dir: Path) -> None:
    bars = np.zeros((180, 320, 3), np.uint8)
    for number, level in enumerate(range(255, 0, -37)):
        bars[:, number * 46 : number * 46 + 46] = level
    lost = np.zeros((180, 320, 3), np.uint8)
    for image in (bars, lost):
        cv2.putText(image, "VIDEO LOSS 05:00:00", (60, 100), 0, 0.6, (255, 255, 255), 1)
        assert defect(judged_part(image)) is Defect.EMPTY
    assert defect(judged_part(_RANDOM.integers(0, 255, (180, 320, 3), np.uint8))) is Defect.NOISE
    (scene, *_) = images(data_dir / "clips" / "highway-motorbike.mp4", 1)
    haze = (200 + (WholeImage(scene).resized(*SAMPLE_PX).astype(float) - 128) * 0.12).astype(np.uint8)
    assert defect(judged_part(haze)) is Defect.UNIFORM


def test_a_frozen_image_that_is_encoded_anew_with_a_clock_is_reported(street: _Pixels) -> None:
    camera = Watched()

    def encoded() -> _Pixels:
        image = street.copy()
        cv2.putText(image, f"{camera.now_ms // 1000 % 10**6}", (200, 100), 0, 0.4, (255, 255, 255), 1)
        return noisy(image, 0.35)

    assert camera.send(encoded, 110) == []
    assert [name for name, *_ in camera.send(encoded, 30)] == ["unusable", "image-unusable"]
    assert camera.watch.details == {"cam": Defect.FROZEN.value}


def test_a_loop_is_reported_and_a_parked_scene_a_night_and_a_blinking_lamp_are_not(
    data_dir: Path, street: _Pixels
) -> None:
    clip = [WholeImage(image).resized(*SAMPLE_PX) for image in images(data_dir / "clips" / "traffic-plates-nz.mp4", 16)]
    loop = Watched()
    assert [name for name, *_ in loop.send(lambda: noisy(clip[loop.now_ms // 1000 % 16], 0.5), 90)] == [
        "unusable",
        "image-unusable",
    ]
    assert loop.watch.details == {"cam": Defect.REPEATED.value}
    parked = Watched()
    assert parked.send(lambda: noisy(street), 400) == []
    dark = Watched()
    assert dark.send(lambda: noisy((clip[0] * 0.3).astype(np.uint8), 0.3), 400) == []
    lamp = Watched()
    assert lamp.send(lambda: noisy(np.clip(street.astype(int) + 9 * (lamp.now_ms // 1000 % 2), 0, 255)), 200) == []


@pytest.mark.parametrize("name", ["car-detection", "people-walking", "highway-motorbike", "traffic-plates-nz"])
def test_real_video_has_no_defect(data_dir: Path, name: str) -> None:
    for image in images(data_dir / "clips" / f"{name}.mp4", 10):
        assert defect(judged_part(WholeImage(image).resized(*SAMPLE_PX))) is None


def test_after_an_outage_the_state_is_reported_anew_and_the_alert_is_not(street: _Pixels) -> None:
    camera = Watched()
    camera.send(lambda: blank(4), 20)
    sign, lost = (
        HealthEvent(event_id=uuid.uuid4(), camera_id="cam", ts_ms=1, state="stalled", detail=detail)
        for detail in (LIFE_SIGN, "no frame within 3 s")
    )
    camera.watch.restart([sign])
    assert camera.send(lambda: blank(4), 20) == []
    camera.watch.restart([lost])
    assert camera.watch.details == {}
    assert [name for name, *_ in camera.send(lambda: blank(4), 20)] == ["unusable"]
    assert [name for name, *_ in camera.send(lambda: blank(4), 20, stream_id="6")] == ["unusable"]
    assert camera.watch.states() == {"cam": SourceState.UNUSABLE}
    assert camera.watch.without_states([sign]) == []
    assert [name for name, *_ in camera.send(lambda: noisy(street), 20, stream_id="7")] == ["image-restored"]


def test_a_state_never_begins_before_that_of_its_source(street: _Pixels) -> None:
    """A frame may wait while its source reports a change: the change would end what begins before it."""
    camera = Watched()
    camera.send(lambda: blank(4), 1)
    note = HealthEvent(event_id=uuid.uuid4(), camera_id="cam", ts_ms=BEGIN_MS + 2000, state="streaming", detail="x")
    camera.watch.restart([note])
    camera.now_ms = BEGIN_MS + 1000
    frames = [Frame("cam", "5", 0, 0.0, BEGIN_MS + 1000 * n, float(n), WholeImage(blank(4))) for n in range(1, 20)]
    (state, _) = [event for frame in frames for event in camera.watch.check([frame], {"cam"}, {})]
    assert state.ts_ms == note.ts_ms + 1


def test_recorded_video_is_not_judged() -> None:
    watch = ImageWatch()
    for second in range(100):
        assert (
            watch.check([Frame("file", "5", 0, 0.0, second * 1000, float(second), WholeImage(blank(4)))], set(), {})
            == []
        )
