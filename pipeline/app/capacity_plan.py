"""Capacity plans: what some cameras need, from a file of measured devices and one of prices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config.settings import Config
from pipeline.domain.events import Kind
from pipeline.domain.language import Language
from pipeline.errors import ConfigError
from pipeline.planning.demand import Demand
from pipeline.planning.measured import (
    Codec,
    Device,
    Traffic,
    read_devices,
    shipped_devices,
    size_of,
    write_device,
)
from pipeline.planning.plan import Basis, Plan, make_plan
from pipeline.planning.plan_texts import PlanTable, plan_language, plan_table
from pipeline.planning.prices import Prices, read_prices
from pipeline.planning.ranges import Range, exactly
from pipeline.planning.statements import Statement
from pipeline.record.bit_rates import recorded_bit_rates

__all__ = [
    "Codec",
    "Demand",
    "Device",
    "Plan",
    "PlanTable",
    "Traffic",
    "as_json",
    "devices_of",
    "given_bit_rate",
    "plan_capacity",
    "plan_language",
    "plan_table",
    "read_devices",
    "read_prices",
    "size_of",
    "with_configuration",
    "write_device",
]


def given_bit_rate(mbit_s: float) -> tuple[Range, Statement]:
    """A bit rate that the user states."""
    return exactly(mbit_s), Statement("bit rate: {rate} Mbit/s, as given", rate=mbit_s)


def with_configuration(demand: Demand, config: Config) -> Demand:
    """The demand with retention, lines, zones, recording and, where video was recorded, bit rates of a configuration.

    Raises:
        RecordError: its recorded video cannot be read.
    """
    retention = {kind: getattr(config.retention, table) for kind, table in _tables().items()}
    drawn = [camera.traffic_areas() for camera in config.cameras]
    number = max(len(drawn), 1)
    demand = replace(
        demand,
        retention=retention,
        record_days=config.record.days if config.record else 0,
        lines=sum(len(one.lines) for one in drawn) / number,
        zones=sum(len(one.zones) for one in drawn) / number,
    )
    if demand.bitrate_mbit is not None or config.record is None:
        return demand
    rates = recorded_bit_rates(config.record.dir)
    if not rates:
        return demand
    low, typical, high = rates[0], rates[len(rates) // 2], rates[-1]
    measured = Statement("bit rate: measured in recorded video, cameras: {cameras}", cameras=len(rates))
    return replace(demand, bitrate_mbit=(Range(low, typical, high), measured))


def _tables() -> dict[Kind, str]:
    from pipeline.domain.event_kinds import SPECS

    return {kind: spec.table for kind, spec in SPECS.items()}


def devices_of(path: Path | None, name: str | None) -> Device:
    """A device of a file; of the shipped one without a path.

    Raises:
        ConfigError: the file cannot be read, or has no such device.
    """
    path = path or shipped_devices()
    return read_devices(path).device(name, str(path))


def plan_capacity(demand: Demand, device: Device, prices: Prices | None) -> Plan:
    """The plan.

    Raises:
        ViapublicaError: the device was not measured with such video, or does not carry one camera.
    """
    shipped = read_devices(shipped_devices())
    if shipped.ingest is None or not shipped.events:
        raise ConfigError(str(shipped_devices()), "lacks the sizes of events", "Reinstall viapublica")
    basis = Basis(device, shipped.events, shipped.ingest)
    return make_plan(demand, basis, prices)


def as_json(plan: Plan, device: Device, language: Language) -> dict[str, Any]:
    """The plan as plain values; `rows` by key, each with low, typical and high."""
    return {
        "cameras": plan.cameras,
        "device": device.model_dump(mode="json"),
        "rows": {
            row.key: {**row.value._asdict(), "unit": row.unit, "basis": row.basis.in_words(language)}
            for row in plan.rows
        },
        "assumptions": [statement.in_words(language) for statement in plan.assumptions],
        "made_up_prices": plan.made_up_prices,
        "missing_prices": None if plan.missing_prices is None else list(plan.missing_prices),
    }
