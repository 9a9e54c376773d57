"""Plans: machines, disks, network, topics and cost of a number of cameras, each with what it is derived from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.domain.events import Kind
from pipeline.errors import ViapublicaError
from pipeline.planning.camera_cost import CostOfCamera, cost_of_camera
from pipeline.planning.demand import UNLIMITED_DAYS, Demand
from pipeline.planning.measured import Device, EventSize, IngestRate
from pipeline.planning.prices import MonthlyCost, Prices, monthly_cost
from pipeline.planning.ranges import Range, exactly, total
from pipeline.planning.statements import Statement

_DAY_S: Final = 86_400.0
_PEAK_HOUR: Final = 0.1
"""Share of a day's events in its busiest hour."""
_INGEST_LOAD: Final = 0.5
"""Share of an ingester's measured rate that is planned with."""
_LEAST_PARTITIONS: Final = 6


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One quantity.

    Attributes:
        key: its name in JSON; value, unit: how much.
        basis: what it is derived from.
    """

    key: str
    value: Range
    unit: str
    basis: Statement


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan.

    Attributes:
        cameras: that it is for; device: name of the machines.
        rows: quantities in the order of a table.
        assumptions: what was not measured, and what limits the plan.
        missing_prices: keys that the file of prices lacks; None without a file.
        made_up_prices: the file says that its prices are made up.
    """

    cameras: int
    device: str
    rows: Sequence[PlanRow]
    assumptions: Sequence[Statement]
    missing_prices: tuple[str, ...] | None
    made_up_prices: bool = False


@dataclass(frozen=True, slots=True)
class Basis:
    """Measured rows that a plan is based on, see `pipeline.planning.measured`."""

    device: Device
    events: Mapping[Kind, EventSize]
    ingest: IngestRate


def make_plan(demand: Demand, basis: Basis, prices: Prices | None) -> Plan:
    """The plan for some cameras on machines of one kind.

    Raises:
        ViapublicaError: the device has no row for such video, or does not carry one camera.
    """
    cost = cost_of_camera(demand, basis.device)
    carried = _carried(demand, basis.device, cost)
    cameras = demand.cameras or max(1, int(carried.typical))
    nodes = exactly(cameras).per(carried.least(1)).each(math.ceil) if demand.cameras else exactly(1)
    machines = [
        PlanRow("cameras_per_node", carried, "", _of_carried(demand, cost)),
        PlanRow(
            "nodes",
            nodes,
            "",
            Statement("{cameras} cameras, device {device}", cameras=cameras, device=basis.device.name),
        ),
        PlanRow(
            "gpus", nodes.times(basis.device.gpus), "", Statement("{gpus} in each machine", gpus=basis.device.gpus)
        ),
    ]
    video, bitrate_from = _video_rows(demand, cameras, nodes)
    events = _event_rows(demand, basis, cameras)
    rows = [*machines, *video, *events]
    assumptions = [*cost.assumptions, bitrate_from, *demand.assumptions(), *_general(demand)]
    if carried.low < 1:
        assumptions.append(
            Statement("in the densest traffic the device does not carry one camera: it would drop frames")
        )
    missing: tuple[str, ...] | None = None
    if prices is not None:
        costs, missing = _cost_rows(prices, rows, cameras)
        rows += costs
    made_up = prices is not None and prices.made_up
    return Plan(cameras, basis.device.name, rows, assumptions, missing, made_up)


def _carried(demand: Demand, device: Device, cost: CostOfCamera) -> Range:
    """Cameras that one machine carries; whole ones."""
    carried = exactly(demand.load).per(cost.seconds).each(math.floor)
    if carried.typical < 1:
        raise ViapublicaError(
            f"device {device.name}",
            f"does not carry one camera of {demand.size} with {demand.rate:g} analyzed frames per second",
            "Lower --rate or --size, raise --load, or plan with another device",
        )
    return carried


def _of_carried(demand: Demand, cost: CostOfCamera) -> Statement:
    return Statement(
        "{load} % of the machine, {low} to {high} ms of it for a second of one camera; {measured}",
        load=100 * demand.load,
        low=1000 * cost.seconds.low,
        high=1000 * cost.seconds.high,
        measured=cost.source,
    )


def _video_rows(demand: Demand, cameras: int, nodes: Range) -> tuple[list[PlanRow], Statement]:
    bitrate, bitrate_from = demand.bitrate()
    network = bitrate.times(cameras)
    # Fewest machines when traffic is empty: the same cameras then share fewer connections.
    per_node = Range(network.low / nodes.high, network.typical / nodes.typical, network.high / nodes.low)
    days = demand.record_days
    recording = network.times(_DAY_S * days / 8 / 1e6)
    of_one = Statement("{low} to {high} Mbit/s a camera", low=bitrate.low, high=bitrate.high)
    return [
        PlanRow("network_from_cameras", network, "Mbit/s", of_one),
        PlanRow(
            "network_per_node", per_node, "Mbit/s", Statement("one connection a camera, for analysis and recording")
        ),
        PlanRow("recording_disk", recording, "TB", Statement("{days} days of video as it arrives", days=days)),
        PlanRow("recording_disk_per_node", recording.per(nodes), "TB", Statement("spread evenly over the machines")),
    ], bitrate_from


def _event_rows(demand: Demand, basis: Basis, cameras: int) -> list[PlanRow]:
    daily = {kind: number.times(cameras) for kind, number in demand.events_a_day().items()}
    peak = total(daily.values()).times(_PEAK_HOUR / 3600)
    ingesters = peak.per(Range(*basis.ingest.per_second).times(_INGEST_LOAD)).each(math.ceil).least(1)
    partitions = ingesters.times(2).least(_LEAST_PARTITIONS)
    days = {kind: float(UNLIMITED_DAYS if (limit := demand.retention.get(kind)) is None else limit) for kind in daily}
    sizes = {kind: basis.events[kind] for kind in daily}
    stored = total(daily[kind].times(days[kind]).times(Range(*sizes[kind].stored)) for kind in daily)
    sent = total(daily[kind].times(Range(*sizes[kind].sent)) for kind in daily)
    rows = [
        PlanRow("events_peak", peak, "1/s", Statement("a tenth of a day's events in its busiest hour")),
        PlanRow(
            "event_store",
            stored.times(demand.store_copies / 1e12),
            "TB",
            Statement(
                "{copies} copies; bytes of an event: {measured}",
                copies=demand.store_copies,
                measured=sizes[Kind.TRACK].source,
            ),
        ),
    ]
    if not demand.kafka:
        return rows
    return [
        *rows,
        PlanRow(
            "kafka_ingesters",
            ingesters,
            "",
            Statement("half of the measured rate of one; {measured}", measured=basis.ingest.source),
        ),
        PlanRow(
            "kafka_partitions", partitions, "", Statement("two an ingester, at least {least}", least=_LEAST_PARTITIONS)
        ),
        PlanRow(
            "kafka_disk",
            sent.times(demand.keep_hours / 24 * demand.replication / 1e12),
            "TB",
            Statement("{hours} hours, {copies} copies", hours=demand.keep_hours, copies=demand.replication),
        ),
    ]


def _cost_rows(prices: Prices, rows: Sequence[PlanRow], cameras: int) -> tuple[list[PlanRow], tuple[str, ...]]:
    """Rows of cost, and the names of missing prices."""
    value = {row.key: row.value for row in rows}
    found: MonthlyCost = monthly_cost(
        prices,
        {
            "node": value["nodes"],
            "gpu": value["gpus"],
            "recording_tb": value["recording_disk"],
            "store_tb": total([value["event_store"], value.get("kafka_disk", exactly(0))]),
            "network_mbit": value["network_from_cameras"],
            "camera": exactly(cameras),
        },
    )
    parts = [PlanRow(f"cost_{name}", part, prices.currency, Statement("a month")) for name, part in found.parts.items()]
    whole = total(found.parts.values())
    if not parts:
        return [], found.missing
    sums = [
        PlanRow("cost_month", whole, prices.currency, Statement("all parts with a price")),
        PlanRow("cost_camera_month", whole.per(cameras), prices.currency, Statement("a camera and month")),
    ]
    return [*parts, *sums], found.missing


def _general(demand: Demand) -> list[Statement]:
    stated = [
        Statement("no machine is counted as a reserve for failures"),
        Statement("the event store needs about as much disk again while it merges"),
    ]
    if demand.record_days:
        stated.append(
            Statement(
                "recorded video of cameras with privacy masks is encoded again: some 18 ms of processor time a frame "
                "of 1920x1080, not included"
            )
        )
    return stated
