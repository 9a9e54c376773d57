from __future__ import annotations

import math
from pathlib import Path

import pytest

from pipeline.app.capacity_plan import with_configuration
from pipeline.config.load import parse_config
from pipeline.domain.events import Kind
from pipeline.domain.language import ENGLISH
from pipeline.errors import ViapublicaError
from pipeline.planning.demand import Demand
from pipeline.planning.measured import Traffic
from pipeline.planning.plan import Basis, Plan, make_plan
from pipeline.planning.prices import Prices, Purchase
from pipeline.planning.ranges import Range, exactly
from pipeline.planning.statements import Statement
from tests.planning.devices import EVENT_SIZE, INGEST, device, row, seconds

_BITRATE = (exactly(2.0), Statement("by hand"))
_BASIS = Basis(device(), dict.fromkeys(Kind, EVENT_SIZE), INGEST)


def _plan(prices: Prices | None = None, basis: Basis = _BASIS, **demand: object) -> Plan:
    fields: dict[str, object] = {"size": "1280x720", "bitrate_mbit": _BITRATE, "vehicles": 1000.0, "load": 1.0}
    return make_plan(Demand(**{**fields, **demand}), basis, prices)  # type: ignore[arg-type]


def _values(plan: Plan) -> dict[str, Range]:
    return {row.key: row.value for row in plan.rows}


def _said(plan: Plan) -> str:
    return "\n".join(statement.in_words(ENGLISH) for statement in plan.assumptions)


def test_a_machine_carries_as_many_cameras_as_fit_into_a_second() -> None:
    carried = _values(_plan())["cameras_per_node"]
    assert carried.typical == math.floor(1 / seconds(5, Traffic.ORDINARY))
    assert carried.low == math.floor(1 / (1.05 * 1.1 * seconds(5, Traffic.DENSE)))
    assert carried.high == math.floor(1 / (0.95 * 0.9 * seconds(5, Traffic.EMPTY)))


def test_a_stated_traffic_narrows_the_range() -> None:
    dense = _values(_plan(traffic=Traffic.DENSE))["cameras_per_node"]
    assert dense.typical == math.floor(1 / seconds(5, Traffic.DENSE))
    assert dense.high == math.floor(1 / (0.95 * 0.9 * seconds(5, Traffic.DENSE)))


def test_a_rate_that_was_not_measured_follows_from_two_that_were() -> None:
    plan = _plan(rate=3.0, traffic=Traffic.ORDINARY)
    assert _values(plan)["cameras_per_node"].typical == math.floor(1 / seconds(3, Traffic.ORDINARY))
    assert "3 per second was not measured" in _said(plan)


def test_dense_traffic_at_another_rate_shares_the_decoding_of_the_low_rate() -> None:
    plan = _plan(rate=4.0, traffic=Traffic.DENSE)
    carried = _values(plan)["cameras_per_node"]
    # The low rate was measured in ordinary traffic: one of its frames costs less than in dense one.
    assert carried.typical == pytest.approx(1 / seconds(4, Traffic.DENSE), abs=1)


def test_one_measured_rate_alone_gives_a_range_that_holds_the_truth() -> None:
    basis = Basis(device(row(25, Traffic.ORDINARY)), _BASIS.events, INGEST)
    carried = _values(_plan(basis=basis, rate=5.0, traffic=Traffic.ORDINARY))["cameras_per_node"]
    assert carried.low <= 1 / seconds(5, Traffic.ORDINARY) <= carried.high
    assert carried.low < carried.high


def test_machines_and_gpus_are_whole_and_enough() -> None:
    values = _values(_plan(cameras=20_000))
    carried = values["cameras_per_node"]
    assert values["nodes"].typical == math.ceil(20_000 / carried.typical)
    assert values["nodes"].high == math.ceil(20_000 / carried.low)
    assert values["gpus"] == values["nodes"].times(2)


def test_a_lower_load_needs_more_machines() -> None:
    full, planned = (_values(_plan(cameras=1000, load=load))["nodes"].typical for load in (1.0, 0.5))
    assert planned >= 2 * full - 1


def test_recording_is_bit_rate_times_time() -> None:
    values = _values(_plan(cameras=12, record_days=7))
    assert values["recording_disk"].typical == pytest.approx(12 * 2e6 / 8 * 86_400 * 7 / 1e12)
    assert values["network_from_cameras"].typical == 24


def test_events_are_counted_into_store_topics_and_partitions() -> None:
    values = _values(_plan(cameras=20_000, vehicles=10_000.0, lines=2.0, zones=1.0))
    reads, tracks = 2e8, 2.4e8
    counts, states = 20_000 * 1440 * 3, 20_000 * 288
    figures = 20_000 * (2 * 1440 * 2 * 3 + 1440 * 3)
    stored = (7 * (reads + tracks) + 1095 * (counts + figures) + 90 * states) * 60 * 2
    assert values["event_store"].typical == pytest.approx(stored / 1e12)
    everything = reads + tracks + counts + figures + states
    assert values["kafka_disk"].typical == pytest.approx(everything * 100 * 3 * 3 / 1e12)
    peak = everything / 10 / 3600
    assert values["kafka_ingesters"].typical == math.ceil(peak / 500)
    assert values["kafka_partitions"].typical == 2 * math.ceil(peak / 500)


def test_lines_and_zones_are_those_of_the_configuration_or_assumed() -> None:
    stored = {areas: _values(_plan(lines=areas, zones=areas))["event_store"] for areas in (0.0, 4.0, None)}
    assert stored[None].low == stored[0.0].low
    assert stored[None].high == stored[4.0].high
    assert "lines and zones: 0 to 4 of each a camera" in _said(_plan())
    camera = "{id: cam-1, source: a.mp4, scope: public-road"
    line = "{name: river, points: [[0.1, 0.5], [0.9, 0.5]], forward: north, backward: south}"
    text = f"cameras: [{camera}, areas: {{lines: [{line}]}}}}, {camera.replace('1', '2')}}}]\n"
    config = parse_config(text, Path("city.yaml"))
    drawn = with_configuration(Demand(), config)
    assert "lines and zones: 0.50 and 0 a camera, as configured" in _said(_plan(lines=drawn.lines, zones=drawn.zones))


def test_a_kind_stored_without_limit_is_counted_for_a_year_and_that_is_said() -> None:
    unlimited = _plan(retention=dict.fromkeys(Kind))
    assert "365 days" in _said(unlimited)
    year = _plan(retention=dict.fromkeys(Kind, 365))
    assert _values(unlimited)["event_store"] == _values(year)["event_store"]


def test_without_a_bit_rate_and_vehicles_both_are_named_as_not_measured() -> None:
    plan = _plan(bitrate_mbit=None, vehicles=None)
    assert "bit rate: not measured" in _said(plan)
    assert "vehicles: not measured" in _said(plan)
    assert _values(plan)["recording_disk"].low < _values(plan)["recording_disk"].high


def test_video_that_was_not_measured_is_refused_with_the_command_that_measures_it() -> None:
    with pytest.raises(ViapublicaError) as refused:
        _plan(size="3840x2160")
    assert "was not measured with 3840x2160" in refused.value.problem
    assert "1280x720 h264 25/s dense" in refused.value.problem
    assert "plan --measure --size 3840x2160" in refused.value.fix


def test_a_machine_too_slow_for_one_camera_is_refused() -> None:
    slow = device(row(5, Traffic.ORDINARY, machine_seconds=(1.5, 1.6, 1.7)))
    with pytest.raises(ViapublicaError, match="does not carry one camera"):
        _plan(basis=Basis(slow, _BASIS.events, INGEST))


def test_traffic_that_was_not_measured_and_busy_measurements_are_named() -> None:
    one = device(row(5, Traffic.ORDINARY, other_programs=0.4))
    said = _said(_plan(basis=Basis(one, _BASIS.events, INGEST)))
    assert "traffic: empty was not measured" in said
    assert "traffic: dense was not measured" in said
    assert "other programs used up to 40 % of the processor" in said


def test_a_measurement_beside_other_programs_has_a_wider_range() -> None:
    quiet, busy = (
        _values(_plan(basis=Basis(device(row(5, Traffic.ORDINARY, other_programs=share)), _BASIS.events, INGEST)))
        for share in (0.05, 1.0)
    )
    assert busy["cameras_per_node"].low < quiet["cameras_per_node"].low
    assert busy["cameras_per_node"].high > quiet["cameras_per_node"].high
    assert busy["cameras_per_node"].typical == quiet["cameras_per_node"].typical


def test_cost_is_summed_and_divided_and_missing_prices_are_named() -> None:
    prices = Prices(currency="BRL", node=Purchase(purchase=6000, months=60), camera=10, kwh=1.0, node_watts=100)
    plan = _plan(prices, cameras=100)
    values = _values(plan)
    nodes = values["nodes"].typical
    expected = nodes * 100 + 100 * 10 + nodes * 0.1 * 730
    assert values["cost_month"].typical == pytest.approx(expected)
    assert values["cost_camera_month"].typical == pytest.approx(expected / 100)
    # The energy of machines is counted, that of GPUs is not.
    assert plan.missing_prices is not None
    assert set(plan.missing_prices) == {"gpu", "recording_tb", "store_tb", "network_mbit", "fixed", "gpu_watts"}


def test_no_price_gives_no_cost_instead_of_zero() -> None:
    plan = _plan(Prices(), cameras=100)
    assert not [row for row in plan.rows if row.key.startswith("cost")]
    assert plan.missing_prices
