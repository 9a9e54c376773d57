"""Traffic figures per minute: each road user once per line and direction, zones by occupancy, nothing about a track."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest

import msgspec
import numpy as np
import pytest

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.settings import AnalyticsSettings
from pipeline.analytics.traffic_observer import TrafficObserver
from pipeline.analytics.unused_areas import UnusedAreas, fits
from pipeline.domain.event_identity import is_own_id
from pipeline.domain.events import AlertEvent, Event, LineCountEvent, ZoneStateEvent, encode
from pipeline.domain.labels import Label
from pipeline.domain.traffic_areas import Line, TrafficAreas, Zone, ZoneKind
from tests.analytics.street import FPS, HEIGHT, MINUTE_MS, START_MS, WIDTH, Box, box_at, frame, tracks

_LINE = Line("gantry", (0.0, 0.5), (1.0, 0.5), "south", "north")
_ROAD = Zone("road", ZoneKind.LANE, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), ((0.5, 0.0), (0.5, 1.0)))
_AREAS = TrafficAreas((_ROAD,), (_LINE,))
_FLAT = Calibration.model_validate(
    {"points": [{"x": x, "y": y, "x_m": 32 * x, "y_m": 18 * y} for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]}
)
"""A camera that points straight down: 40 pixels of the street are a meter."""
Scene = Iterable[Mapping[int, tuple[Label, Box]]]
_EMPTY: list[Mapping[int, tuple[Label, Box]]] = [{}]


def _observer(areas: TrafficAreas = _AREAS, calibration: Calibration | None = None) -> TrafficObserver:
    return TrafficObserver("cam", "5", areas, AnalyticsSettings(), calibration)


def _events(scene: Scene, observer: TrafficObserver | None = None, fps: float = FPS) -> list[Event]:
    """All events of a scene, a frame after the other; tracks that are missing in a frame have not ended."""
    observer = _observer() if observer is None else observer
    for number, seen in enumerate(scene):
        observer.observe(frame(number / fps), tracks(seen))
    return list(observer.close())


def _counted(events: Iterable[Event]) -> dict[tuple[str, str], int]:
    found = [event for event in events if isinstance(event, LineCountEvent)]
    return {(event.direction, event.label): event.count for event in found}


def _down(number: int, x: float = 600, start: float = 100, step: float = 10) -> tuple[Label, Box]:
    return Label.CAR, box_at(x, start + step * number)


def test_a_vehicle_counts_once_in_its_direction_and_minute() -> None:
    events = _events([{1: _down(n), 2: (Label.BUS, box_at(900, 700 - 10 * n))} for n in range(60)])
    assert _counted(events) == {("south", "car"): 1, ("north", "bus"): 1}
    for event in events:
        assert (event.ts_ms, event.camera_id) == (START_MS, "cam")
        assert is_own_id(event.event_id, encode(event))
    (line,) = {event.areas for event in events if isinstance(event, LineCountEvent)}
    assert line == _AREAS.version
    assert not {"track_id", "event_ids", "box"} & {f.name for f in msgspec.structs.fields(LineCountEvent)}


@pytest.mark.parametrize("fps", [25, 5, 3])
def test_every_rate_counts_the_same(fps: int) -> None:
    speed = 400 / fps
    scene = [{1: _down(n, step=speed), 2: _down(n, x=200, start=60, step=speed)} for n in range(round(1.5 * fps))]
    assert _counted(_events(scene, fps=fps)) == {("south", "car"): 2}


def test_a_track_that_the_tracker_renames_at_the_line_counts_once() -> None:
    scene = [{(1 if n < 27 else 2): _down(n)} for n in range(60) if n not in (27, 28, 29)]
    assert _counted(_events(scene)) == {("south", "car"): 1}
    late = [{(1 if n < 31 else 2): _down(n)} for n in range(60)]
    assert _counted(_events(late)) == {("south", "car"): 1}


def test_a_lorry_with_two_boxes_and_a_rider_count_once() -> None:
    def lorry(n: int) -> dict[int, tuple[Label, Box]]:
        y = 100 + 10 * n
        return {1: (Label.TRUCK, (500, y - 260, 620, y)), 2: (Label.TRUCK, (505, y - 240, 615, y - 110))}

    assert _counted(_events([lorry(n) for n in range(70)])) == {("south", "truck"): 1}

    def rider(n: int) -> dict[int, tuple[Label, Box]]:
        y = 100 + 10 * n
        return {1: (Label.MOTORCYCLE, (500, y - 60, 540, y)), 2: (Label.PERSON, (502, y - 90, 538, y - 20))}

    counted = _counted(_events([rider(n) for n in range(70)]))
    assert counted.get(("south", "motorcycle"), 0) + counted.get(("south", "person"), 0) == 1


def test_two_vehicles_side_by_side_count_twice() -> None:
    scene = [{1: _down(n), 2: _down(n, x=670)} for n in range(60)]
    assert _counted(_events(scene)) == {("south", "car"): 2}


def test_a_track_that_jumps_between_vehicles_across_the_line_counts_nothing() -> None:
    scene = [{1: _down(n, start=100, step=2)} for n in range(20)]
    scene += [{1: (Label.CAR, box_at(900, 650 - 2 * n))} for n in range(20)]
    assert _counted(_events(scene)) == {}


def test_a_parked_vehicle_whose_box_trembles_on_the_line_counts_nothing_and_queues() -> None:
    scene = [{1: (Label.CAR, box_at(600, 360 + (12 if n % 2 else -12)))} for n in range(250)]
    events = _events(scene)
    assert _counted(events) == {}
    still = [{1: (Label.CAR, box_at(600, 360 + n % 2))} for n in range(250)]
    (zone,) = [event for event in _events(still) if isinstance(event, ZoneStateEvent)]
    assert (zone.zone, zone.label, zone.occupancy_max, zone.queue_max) == ("road", "car", 1, 1)
    assert zone.occupancy == pytest.approx(1)
    assert zone.queue == pytest.approx(0.8, abs=0.05), "it stands from the third second on"


def test_a_calibrated_camera_reports_speed_headway_and_density() -> None:
    scene = [{1: _down(n), 2: _down(n, x=200, start=-40, step=12)} for n in range(60)]
    events = _events(scene, _observer(calibration=_FLAT))
    (line,) = [event for event in events if isinstance(event, LineCountEvent)]
    assert (line.count, line.speeds) == (2, "23 1;27 1")
    assert line.mean_m_s == pytest.approx((6.25 + 7.5) / 2, rel=0.01)
    assert line.p85_m_s == pytest.approx(7.5, rel=0.01)
    assert line.headway_s == pytest.approx(7 / 25, abs=0.15)
    (zone,) = [event for event in events if isinstance(event, ZoneStateEvent)]
    assert zone.density_m2 == pytest.approx(zone.occupancy / (32 * 18), rel=1e-3)
    assert zone.density_km == pytest.approx(1000 * zone.occupancy / 18, rel=1e-3)


def test_a_calibration_that_makes_vehicles_fly_is_reported_once_and_gives_no_speed() -> None:
    points = [{**point.model_dump(), "y_m": 100 * point.y_m} for point in _FLAT.points]
    observer = _observer(calibration=Calibration.model_validate({"points": points}))
    scene = [{30 * k + lane: _down(n, x=30 + 45 * lane) for lane in range(27)} for k in range(2) for n in range(60)]
    events = _events(scene, observer)
    (alert,) = [event for event in events if isinstance(event, AlertEvent)]
    assert alert.rule == "calibration-implausible"
    assert "100%" in alert.detail
    assert {event.speeds for event in events if isinstance(event, LineCountEvent)} == {""}


def test_minutes_are_reported_once_when_they_are_over_and_settled() -> None:
    observer = _observer()
    due: list[Event] = []
    for n in range(0, 80 * 5):
        observer.observe(frame(n / 5), tracks({1: _down(n, start=-600, step=4)}))
        due += observer.settle([], START_MS + n * 200)
    assert {event.ts_ms for event in due} == {START_MS}
    assert _counted(due) == {("south", "car"): 1}
    assert {event.ts_ms for event in observer.close()} == {START_MS + MINUTE_MS}
    assert observer.close() == []


def test_areas_of_another_shape_are_not_used_and_an_alert_says_so() -> None:
    assert fits(None, 1, 1)
    assert fits((1280, 720), 1920, 1088)
    assert not fits((1280, 720), 640, 480)
    unused = UnusedAreas("cam", "5", (1280, 720), (640, 480))
    unused.observe(frame(0), tracks({1: _down(0)}))
    (alert,) = unused.settle([], START_MS)
    assert isinstance(alert, AlertEvent)
    assert "1280×720" in alert.detail
    assert unused.settle([], START_MS) == ()
    assert pytest.approx(1280 / 720) == WIDTH / HEIGHT


def _late(first: int, last: int = 60) -> list[dict[int, tuple[Label, Box]]]:
    """A second of an empty road, and then a car that is seen only in some frames of its way."""
    return [{1: _down(n)} if first <= n < last else {} for n in range(-25, 60)]


def test_a_vehicle_that_is_first_seen_behind_the_line_has_crossed_it() -> None:
    assert _counted(_events(_late(33))) == {("south", "car"): 1}, "70 pixels behind the line, less than a box"
    assert _counted(_events(_late(44))) == {}, "too far behind it"
    assert _counted(_events(_late(33, 37))) == {}, "its way is not known"
    assert _counted(_events(_late(33)[33 + 25 :])) == {}, "nothing shows that it was not there before the camera was"


def test_a_parked_car_that_drives_off_behind_the_line_has_not_crossed_it() -> None:
    parked = _EMPTY * 25 + [{1: _down(max(0, n - 40), start=430)} for n in range(80)]
    assert _counted(_events(parked)) == {}


def test_a_second_track_that_begins_behind_the_line_is_the_vehicle_that_crossed() -> None:
    def glare(n: int) -> dict[int, tuple[Label, Box]]:
        return {2: (Label.TRUCK, box_at(640, 100 + 10 * n, 200))} if n >= 35 else {}

    scene: list[Mapping[int, tuple[Label, Box]]] = [{1: _down(n)} | glare(n) for n in range(60)]
    assert _counted(_events(_EMPTY * 5 + scene)) == {("south", "car"): 1}
    apart: list[Mapping[int, tuple[Label, Box]]] = [
        {1: _down(n)} | ({2: _down(n, x=200)} if n >= 33 else {}) for n in range(60)
    ]
    assert _counted(_events(_EMPTY * 25 + apart)) == {("south", "car"): 2}, "beside it"


def test_faint_boxes_count_when_they_move_on_and_nothing_else_does() -> None:
    def counted(scene: Scene, faint: Scene = ()) -> dict[tuple[str, str], int]:
        observer = _observer()
        for number, (seen, also) in enumerate(zip_longest(scene, faint, fillvalue=_EMPTY[0])):
            both = np.concatenate([np.full(len(seen), 0.9), np.full(len(also), 0.31)])
            observer.observe(frame(number / FPS), tracks({**seen, **also}, both))
        return _counted(observer.close())

    far = [{1: _down(n)} for n in range(60)]
    assert counted([], far) == {("south", "car"): 1}
    trembling = [{1: (Label.CAR, box_at(600, 360 + (70 if n % 2 else -70)))} for n in range(60)]
    assert counted([], trembling) == {}
    second = [{2: (Label.CAR, box_at(620, 110 + 10 * n, 40))} for n in range(60)]
    assert counted(far, second) == {("south", "car"): 1}, "of a vehicle that counts"
    assert counted(far, [{2: _down(n, x=200)} for n in range(60)]) == {("south", "car"): 2}, "beside it"


def test_frames_of_one_time_say_nothing_of_speed() -> None:
    observer = _observer()
    for number in range(60):
        observer.observe(frame(number // 2 * 2 / FPS), tracks({1: _down(number)}))
    assert _counted(observer.close()) == {("south", "car"): 1}
