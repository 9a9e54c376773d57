"""Figures of lines and zones are summed by what is asked, over the time in which the camera saw."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pipeline.domain.event_identity import identified
from pipeline.domain.events import VIDEO_BEGINS, VIDEO_ENDS
from pipeline.domain.times import DAY_MS, HOUR_MS
from pipeline.store.backends.database import EventDatabase
from pipeline.store.event_store import open_event_store
from pipeline.store.settings import StoreSettings
from pipeline.store.traffic_questions import LineFigures, ZoneFigures
from tests.asking import Asking
from tests.event_samples import START_MS, health, line_count, zone_state
from tests.store.test_store import fill

MINUTE_MS = 60_000
HOUR_START_MS = START_MS - START_MS % HOUR_MS


@pytest.fixture
def store(store_settings: StoreSettings, tmp_path: Path, database: EventDatabase) -> Asking:
    return Asking(open_event_store(store_settings, tmp_path, dict))


def test_figures_of_lines_are_summed_by_what_is_asked(store: Asking, database: EventDatabase) -> None:
    car = msgspec.structs.replace(line_count(0), ts_ms=HOUR_START_MS)
    later = msgspec.structs.replace(car, ts_ms=HOUR_START_MS + MINUTE_MS, speeds="90 1", count=1, headway_s=None)
    bus = msgspec.structs.replace(car, label="bus", count=1, speeds="", direction="to-suburb", headway_s=2.5)
    less = msgspec.structs.replace(car, count=3)  # of another analysis
    fill(database, 2 * [identified(event) for event in (car, later, bus, less)])
    streaming = msgspec.structs.replace(health(0), ts_ms=HOUR_START_MS + HOUR_MS // 2)
    fill(database, [identified(streaming)])
    one, other = store.ask(LineFigures(every_ms=HOUR_MS))
    assert (one.start_ms, one.camera_id, one.line, one.areas) == (HOUR_START_MS, "cam-1", "gantry", car.areas)
    assert (one.direction, one.label, one.count, one.speeds) == ("to-center", "car", 5, 5)
    assert one.mean_m_s == pytest.approx((36 + 3 * 54 + 90) / 5 / 3.6, abs=0.01)
    assert (one.p85_m_s, one.headway_s) == (25.0, 12.5)
    assert (other.direction, other.label, other.count, other.mean_m_s) == ("to-suburb", "bus", 1, None)
    (both,) = store.ask(LineFigures(every_ms=DAY_MS, by_direction=False, by_class=False))
    assert (both.direction, both.label, both.count) == ("", "", 6)
    assert both.headway_s == pytest.approx((4 * 12.5 + 2.5) / 5)
    assert len(store.ask(LineFigures(every_ms=MINUTE_MS))) == 3
    changed = identified(msgspec.structs.replace(car, areas="ba9876543210"))
    fill(database, [changed])
    assert [row.count for row in store.ask(LineFigures(by_direction=False, by_class=False))] == [6, 4], "two drawings"
    store.close()


def test_occupancy_of_zones_is_a_mean_over_the_time_in_which_the_camera_saw(
    store: Asking, database: EventDatabase
) -> None:
    cars = msgspec.structs.replace(zone_state(0), ts_ms=HOUR_START_MS)
    bus = msgspec.structs.replace(cars, label="bus", occupancy=0.5, occupancy_max=1, queue=0.0, density_km=10.0)
    fill(database, 2 * [identified(event) for event in (cars, bus)])
    of_bus, of_minute = store.ask(ZoneFigures(every_ms=MINUTE_MS))
    assert (of_minute.zone, of_minute.label, of_minute.level) == ("lane-1", "car", "")
    assert (of_minute.occupancy, of_minute.occupancy_max, of_minute.queue, of_minute.queue_max) == (1.5, 3, 0.5, 2)
    assert (of_bus.label, of_bus.occupancy, of_bus.density_km) == ("bus", 0.5, 10.0)
    (whole,) = store.ask(ZoneFigures(every_ms=MINUTE_MS, by_class=False))
    assert (whole.occupancy, whole.occupancy_max, whole.density_km) == (2.0, 4, 40.0)
    assert whole.level == "F", "30 cars and 10 buses per kilometer of lane"
    assert whole.seen is None, "no state of the camera is stored"
    states = [health(0), health(1, detail=VIDEO_BEGINS), health(2, state="ended", detail=VIDEO_ENDS)]
    begin = HOUR_START_MS
    fill(
        database,
        [
            identified(msgspec.structs.replace(states[1], ts_ms=begin, stream_id="7a4e")),
            identified(msgspec.structs.replace(states[2], ts_ms=begin + 2 * MINUTE_MS, stream_id="7a4e")),
        ],
    )
    (hour,) = store.ask(ZoneFigures(every_ms=HOUR_MS, by_class=False))
    assert hour.seen == pytest.approx(2 / 60, abs=1e-3)
    assert hour.occupancy == pytest.approx(1.0), "over two minutes, in one of which there were two vehicles"
    store.close()
