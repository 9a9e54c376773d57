"""A camera whose view moves is neither analyzed nor recorded until its masks are confirmed, whatever is restarted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.confirmed_view import ViewRecord, ViewState
from pipeline.domain.events import AlertEvent, HealthEvent, Severity
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_events import camera_state
from pipeline.engine.view_reference import MOST_LIGHTS, ViewReference
from pipeline.engine.view_watch import ViewWatch
from pipeline.storage.confirmed_views import ConfirmedViews
from tests.engine.views import HEIGHT, WIDTH, Gray, GrayImage, frame_of, street, view

_MASKS = (((0.0, 0.0), (0.2, 0.0), (0.2, 0.3), (0.0, 0.3)),)
OTHER = street(9)
MASKED = CameraDeclaration(Camera("cam", Scope.PUBLIC_ROAD), masks=_MASKS)


class Watched:
    """A camera that sends two images a second."""

    def __init__(self, folder: Path, *, new: bool = True, declaration: CameraDeclaration = MASKED) -> None:
        self.views = ConfirmedViews(folder)
        self.recorded: list[str] = []
        self.watch = ViewWatch(self.views, lambda _: new, lambda _, why: self.recorded.append(why), lambda: 7)
        self.watch.declare(declaration, live=True)
        self.at_s = 0.0

    def send(
        self, image: Callable[[int], Gray], seconds: float, step_s: float = 0.5, *, damaged: bool = False
    ) -> list[str]:
        """States and rules of the events, in order, each with the second from the first of these images on."""
        found = []
        for number in range(round(seconds / step_s)):
            frame = replace(frame_of(image(number), self.at_s), damaged=damaged)
            passed, events, _, failed = self.watch.check([frame], {"cam"})
            assert not failed
            assert bool(passed) is not bool(self.watch.details)
            for one in events:
                assert isinstance(one, AlertEvent | HealthEvent)
                found.append(f"{number * step_s:g} {one.rule if isinstance(one, AlertEvent) else one.state}")
            self.at_s += step_s
        return found

    @property
    def record(self) -> ViewRecord:
        stored = self.views.read("cam")
        assert stored is not None
        return stored.record


def still(number: int) -> Gray:
    return view(sample=number)


def moved(number: int) -> Gray:
    return view(0.021, sample=number + 1000)


def dark(number: int) -> Gray:
    return np.asarray(np.random.default_rng(number).integers(0, 4, (HEIGHT, WIDTH)), np.uint8)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (moved, "its view is shifted by 2.1 % of its width"),
        (lambda n: view(zoom=1.032, sample=n), "its view is 3.1 % larger"),
        (lambda n: view(turn=-1.55, sample=n), "its view is turned by 1.5 degrees"),
        (lambda n: view(of=OTHER, sample=n), "it shows another view than the one that was confirmed"),
    ],
    ids=["shift", "zoom", "turn", "another"],
)
def test_a_moved_view_stops_the_camera_within_two_seconds(
    tmp_path: Path, change: Callable[[int], Gray], detail: str
) -> None:
    camera = Watched(tmp_path)
    assert camera.send(still, 8) == []
    events = camera.send(change, 2)
    assert [one.split()[1] for one in events] == ["view-unconfirmed", "camera-moved"]
    assert camera.watch.details == {"cam": camera.record.detail}
    assert camera.record.state is ViewState.MOVED
    assert camera.record.detail[:20] == detail[:20]
    assert camera.recorded == ["the view of the camera is not the confirmed one"]
    assert camera.send(change, 20) == []


def test_a_camera_that_shows_other_views_each_moment_is_stopped_after_20_seconds(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    swings = ((0.06, 0.0), (-0.05, 0.03), (0.0, -0.06), (-0.08, 0.0), (0.04, 0.05))
    events = camera.send(lambda n: view(*swings[n % len(swings)], sample=n), 25)
    assert [one.split()[1] for one in events] == ["view-unconfirmed", "camera-moved"]
    assert 18 <= float(events[0].split()[0]) <= 22
    assert camera.record.detail == "it shows another view than the one that was confirmed"


def test_ignored_areas_over_the_whole_image_do_not_end_the_watch(tmp_path: Path) -> None:
    everything = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),)
    camera = Watched(tmp_path, declaration=replace(MASKED, ignore=everything))
    camera.send(still, 8)
    assert [one.split()[1] for one in camera.send(moved, 2)] == ["view-unconfirmed", "camera-moved"]


def test_a_view_that_cannot_be_seen_for_long_does_not_stop_the_camera(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    assert camera.send(dark, 40) == []
    assert camera.send(still, 5) == []


def test_images_with_concealed_parts_stop_nothing_unless_no_whole_one_comes(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    assert camera.send(moved, 9, damaged=True) == []
    assert camera.send(still, 5) == []
    assert [one.split()[1] for one in camera.send(moved, 60, damaged=True)] == ["view-unconfirmed", "camera-moved"]


def test_a_restart_does_not_accept_the_moved_view(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    camera.send(moved, 2)
    again = Watched(tmp_path)
    assert again.watch.states() == {"cam": SourceState.VIEW_UNCONFIRMED}
    assert again.recorded != []
    assert again.send(moved, 20) == ["0 view-unconfirmed", "0 camera-moved"]


def test_a_camera_that_was_moved_while_the_program_was_off_is_found_at_its_start(tmp_path: Path) -> None:
    Watched(tmp_path).send(still, 8)
    again = Watched(tmp_path)
    assert [one.split()[1] for one in again.send(moved, 2)] == ["view-unconfirmed", "camera-moved"]


def test_a_view_that_comes_back_needs_no_confirmation(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    camera.send(moved, 5)
    events = camera.send(still, 12)
    assert events == ["10 streaming", "10 view-confirmed"]
    assert camera.recorded[-1] == ""


def test_a_slow_movement_is_not_learned_away(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    events = camera.send(lambda n: view(0.02 * min(1, n / 120), sample=n), 65)
    assert [one.split()[1] for one in events] == ["view-unconfirmed", "camera-moved"]
    assert float(events[0].split()[0]) > 30


def test_the_confirmed_view_of_a_camera_with_masks_may_not_be_lost(tmp_path: Path) -> None:
    camera = Watched(tmp_path, new=False)
    assert camera.send(still, 8) == ["0 view-unconfirmed", "0 camera-moved"]
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "cam.view").write_bytes(b"{}\n")
    assert Watched(tmp_path).watch.details != {}
    bare = Watched(tmp_path / "other", new=False, declaration=CameraDeclaration(Camera("cam", Scope.PUBLIC_ROAD)))
    assert bare.send(still, 8) == []


def test_a_view_that_a_person_confirms_is_adopted_within_two_seconds(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    camera.send(moved, 5)
    reference = ViewReference.of_images((GrayImage(moved(n)) for n in range(10)), _MASKS, ())
    assert reference is not None
    camera.views.write("cam", ViewRecord(ViewState.CONFIRMED, 9, 9, "ana"), reference.as_bytes())
    events = camera.send(moved, 20)
    assert [one.split()[1] for one in events] == ["streaming", "view-confirmed"]
    assert float(events[0].split()[0]) <= 2
    assert camera.record.confirmed_by == "ana"
    assert [one.split()[1] for one in camera.send(still, 2)] == ["view-unconfirmed", "camera-moved"]


def test_a_night_without_light_is_reported_and_neither_passes_nor_stops(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    assert camera.send(dark, 610, step_s=10) == ["600 view-unchecked"]
    assert camera.send(still, 5) == ["0 view-checked"]
    camera.send(dark, 10)
    assert [one.split()[1] for one in camera.send(moved, 2)] == ["view-unconfirmed", "camera-moved"]


def test_a_trembling_mast_and_passing_trucks_stop_nothing(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)

    def trembling(number: int) -> Gray:
        return view(0.02 if number % 4 == 1 else -0.02 if number % 4 == 2 else 0, sample=number)

    def truck(number: int) -> Gray:
        image = view(sample=number)
        left = max(0, WIDTH - WIDTH // 3 * (number % 9))
        image[:, left:] = view(sample=number, of=np.roll(OTHER, number * 40, 1))[:, left:]
        return image if number % 9 < 5 else view(sample=number)

    assert camera.send(trembling, 20) == []
    assert camera.send(truck, 30) == []


def test_a_new_light_is_learned_with_its_offset_and_survives_a_restart(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 70)

    def lamps(number: int) -> Gray:
        """Most of the street in the dark, other edges in what is left of it."""
        image = view(0.006, sample=number) // 12
        image[100:, :130] = view(0.006, sample=number)[100:, :130]
        return image

    camera.send(lamps, 80)
    reference = ViewReference.from_bytes(camera.views.read("cam").edges)  # type: ignore[union-attr]
    assert 1 <= len(reference.lights) <= MOST_LIGHTS
    assert [abs(light.offset.x - 0.006) < 0.002 for light in reference.lights[1:]] == [True] * (
        len(reference.lights) - 1
    )
    assert Watched(tmp_path).send(lamps, 10) == []


def test_what_is_stored_is_private_and_holds_no_brightness(tmp_path: Path) -> None:
    Watched(tmp_path).send(still, 8)
    path = tmp_path / "views" / "cam.view"
    assert path.stat().st_mode & 0o077 == 0
    assert path.stat().st_size < 150_000


def test_a_camera_that_connects_again_is_not_reported_as_streaming(tmp_path: Path) -> None:
    camera = Watched(tmp_path)
    camera.send(still, 8)
    camera.send(moved, 2)
    change = camera_state("cam", "6", SourceState.STREAMING, "", 50)
    (repeated,) = camera.watch.repeated([change])
    assert isinstance(repeated, HealthEvent)
    assert (repeated.state, repeated.ts_ms, repeated.stream_id) == ("view-unconfirmed", 51, "6")


def test_the_alert_is_critical(tmp_path: Path) -> None:
    camera = Watched(tmp_path, new=False)
    _, (_, alert), _, _ = camera.watch.check([frame_of(still(0), 0.0)], {"cam"})
    assert isinstance(alert, AlertEvent)
    assert alert.severity is Severity.CRITICAL
