from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.planning.demand import Demand
from pipeline.planning.measured import Traffic, read_devices, shipped_devices, size_of, write_device
from pipeline.planning.prices import Prices, Purchase, read_prices
from tests.planning.devices import device, row
from tests.project.places import ROOT

_RESULTS = ROOT / "benchmarks" / "results"


def _table(page: str) -> dict[str, list[str]]:
    """Rows of the tables of a results page, by their first cell."""
    lines = (_RESULTS / page).read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {first: rest for first, *rest in cells}


def test_the_shipped_sizes_of_events_are_those_of_the_results_page() -> None:
    measured = _table("event_sizes.md")
    shipped = read_devices(shipped_devices())
    for kind in Demand().events_a_day():
        merged, inserted, large, usual, plain = map(float, measured[kind.value])
        size = shipped.events[kind]
        assert size.stored[1:] == (merged, max(merged, inserted)), kind
        assert size.sent == (min(large, usual), usual, plain), kind


def test_the_shipped_rate_of_an_ingester_is_that_of_the_results_page() -> None:
    (rate,) = _table("backbone.md")["spool + Kafka + ingest + chDB, one producer, one ingester (confluent)"]
    ingest = read_devices(shipped_devices()).ingest
    assert ingest is not None
    assert ingest.per_second[1] == float(rate.removesuffix(" events/s").replace(",", ""))


def test_every_shipped_row_states_who_measured_it() -> None:
    shipped = read_devices(shipped_devices())
    assert shipped.devices
    for measured in shipped.devices:
        assert measured.hardware
        assert all(re.search(r"plan --measure, \d+ runs .* \d{4}-\d\d-\d\d", cost.source) for cost in measured.costs)


def test_a_measured_device_is_written_first_and_keeps_rows_of_other_video(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    write_device(path, device(row(5, Traffic.DENSE)).model_copy(update={"name": "other"}))
    write_device(path, device(row(5, Traffic.DENSE), row(1, Traffic.DENSE)))
    again = row(5, Traffic.DENSE, machine_seconds=(0.5, 0.5, 0.5))
    write_device(path, device(again))
    first, other = read_devices(path).devices
    assert (first.name, other.name) == ("by-hand", "other")
    assert first.costs == (again, row(1, Traffic.DENSE))


def test_other_hardware_of_the_same_name_is_not_mixed_in(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    write_device(path, device().model_copy(update={"hardware": "a"}))
    with pytest.raises(ConfigError, match="other hardware: a"):
        write_device(path, device().model_copy(update={"hardware": "b"}))


def test_every_mistake_of_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("currency: BRL\nnode: cheap\nkwhs: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_prices(path)
    assert refused.value.subject == f"{path}:2"
    assert "line 2: node" in refused.value.problem
    assert "line 3: kwhs" in refused.value.problem


@pytest.mark.parametrize("costs", [(3, 2, 1), (-1, 0, 1)])
def test_a_range_that_does_not_rise_is_refused(costs: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="three rising numbers"):
        row(5, Traffic.DENSE, machine_seconds=costs)


def test_a_missing_device_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    write_device(path, device())
    with pytest.raises(ConfigError, match=r"no device 'h200' \(it has: by-hand\)"):
        read_devices(path).device("h200", str(path))


def test_the_example_of_prices_has_every_price() -> None:
    prices = read_prices(ROOT / "configs" / "prices.yaml")
    assert not [name for name, value in prices if value is None]
    assert isinstance(prices.node, Purchase)
    assert set(Prices.model_fields) == {name for name, _ in prices}


def test_sizes_have_names() -> None:
    assert size_of("1080p") == size_of("1920x1080") == "1920x1080"
    with pytest.raises(ValueError, match="not a size"):
        size_of("huge")
