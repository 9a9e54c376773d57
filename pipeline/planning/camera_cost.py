"""Cost of one camera on a machine, from the machine's measured rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import ViapublicaError
from pipeline.planning.demand import Demand
from pipeline.planning.measured import CameraCost, Device, Traffic
from pipeline.planning.ranges import Range
from pipeline.planning.statements import Statement

_BUSY: Final = 0.1
"""Share of the processor from which other programs are named."""
_SAME: Final = 0.01
_NAMES: Final = {
    Traffic.EMPTY: Statement("empty"),
    Traffic.ORDINARY: Statement("ordinary"),
    Traffic.DENSE: Statement("dense"),
}
_LEAST_ERROR: Final = 0.05
"""By which a range is widened: a few runs do not show all of the spread, and live cameras are not files."""
_BUSY_ERROR: Final = 0.2
"""By which it is widened besides, where other programs used all of the processor; of a part of it, by that part."""


@dataclass(frozen=True, slots=True)
class CostOfCamera:
    """Seconds of the whole machine for one second of a camera's video.

    Attributes:
        seconds: low where traffic is empty, high where it is dense; source: who measured the typical value.
        assumptions: what was not measured.
    """

    seconds: Range
    source: str
    assumptions: tuple[Statement, ...]


def cost_of_camera(demand: Demand, device: Device) -> CostOfCamera:
    """The cost of a camera like those of a demand.

    Raises:
        ViapublicaError: the device has no row of this size, codec and frame rate.
    """
    rows = [row for row in device.costs if _same_video(row, demand)]
    if not rows:
        raise _not_measured(demand, device)
    wanted = [Traffic.EMPTY, Traffic.ORDINARY, Traffic.DENSE] if demand.traffic is None else [demand.traffic]
    measured = [traffic for traffic in wanted if any(row.traffic is traffic for row in rows)]
    if not measured:
        raise _not_measured(demand, device)
    costs = [_at_rate([row for row in rows if row.traffic is traffic], rows, demand.rate) for traffic in measured]
    middle = costs[measured.index(Traffic.ORDINARY)] if Traffic.ORDINARY in measured else costs[-1]
    seconds = Range(min(cost.low for cost in costs), middle.typical, max(cost.high for cost in costs))
    error = _LEAST_ERROR + _BUSY_ERROR * _busy(rows)
    seconds = Range(seconds.low * (1 - error), seconds.typical, seconds.high * (1 + error))
    source = next(row.source for row in reversed(rows) if row.traffic in measured)
    return CostOfCamera(seconds, source, tuple(_assumptions(demand, rows, wanted, measured)))


def _same_video(row: CameraCost, demand: Demand) -> bool:
    return row.size == demand.size and row.codec is demand.codec and abs(row.fps - demand.fps) < _SAME


def _not_measured(demand: Demand, device: Device) -> ViapublicaError:
    known = dict.fromkeys(f"{row.size} {row.codec.value} {row.fps:g}/s {row.traffic.value}" for row in device.costs)
    traffic = "" if demand.traffic is None else f" {demand.traffic.value}"
    return ViapublicaError(
        f"device {device.name}",
        f"was not measured with {demand.size} {demand.codec.value} {demand.fps:g}/s{traffic} "
        f"(it was with: {', '.join(known)})",
        f"Measure it: viapublica plan --measure --size {demand.size} --fps {demand.fps:g} --codec {demand.codec.value}",
    )


def _at_rate(own: Sequence[CameraCost], rows: Sequence[CameraCost], rate: float) -> Range:
    """Seconds at a rate of analysis: measured, or on the line through the nearest two measured rates.

    At low rates nearly all of it is decoding, which does not depend on the traffic, so that rows of other traffic
    complete those of the asked one.
    """
    exact = next((row for row in own if abs(row.rate - rate) < _SAME), None)
    if exact is not None:
        return exact.seconds
    near = min(own, key=lambda row: abs(row.rate - rate))
    others = [row for row in (*own, *rows) if abs(row.rate - near.rate) >= _SAME]
    if not others:
        # One rate alone: decoding is a part of it, so it falls less than the rate and never rises faster.
        share = rate / near.rate
        return Range(near.seconds.low * min(share, 1), near.seconds.typical * share, near.seconds.high * max(share, 1))
    far = min(others, key=lambda row: (row not in own, abs(row.rate - rate)))
    slope = Range(*((a - b) / (near.rate - far.rate) for a, b in zip(near.seconds, far.seconds, strict=True)))
    line = [max(at, 0.0) for at in (s + k * (rate - near.rate) for s, k in zip(near.seconds, slope, strict=True))]
    return Range(*sorted(line))


def _busy(rows: Sequence[CameraCost]) -> float:
    """Largest share of the processor that other programs used; 0 where that is little."""
    share = max(row.other_programs for row in rows)
    return share if share > _BUSY else 0.0


def _assumptions(
    demand: Demand, rows: Sequence[CameraCost], wanted: Sequence[Traffic], measured: Sequence[Traffic]
) -> list[Statement]:
    stated = [
        Statement("traffic: {name} was not measured on this device, so the range leaves it out", name=_NAMES[traffic])
        for traffic in wanted
        if traffic not in measured
    ]
    if not any(abs(row.rate - demand.rate) < _SAME for row in rows):
        rates = ", ".join(f"{rate:g}" for rate in sorted({row.rate for row in rows}))
        stated.append(
            Statement("rate: {rate} per second was not measured; derived from {rates}", rate=demand.rate, rates=rates)
        )
    if any(row.rendered for row in rows):
        stated.append(
            Statement("traffic: rendered by viapublica, vehicles only; --clip measures with a video of your own")
        )
    busy = _busy(rows)
    if busy:
        stated.append(
            Statement(
                "other programs used up to {share} % of the processor during the measurement; their share was "
                "deducted and the range widened by {error} %. Measure again on the quiet machine",
                share=100 * busy,
                error=100 * _BUSY_ERROR * busy,
            )
        )
    return stated
