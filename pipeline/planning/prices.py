"""Prices of the user's, each of them optional, and the monthly cost of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import Field

from pipeline.planning.documents import StrictModel, read_document
from pipeline.planning.ranges import Range, exactly

EXAMPLE: Final = "configs/prices.yaml"
_HOURS: Final = 730.0
"""Of a mean month."""


class Purchase(StrictModel):
    """Something that is bought.

    Attributes:
        purchase: price; months: over which it is written off.
    """

    purchase: float = Field(ge=0)
    months: float = Field(gt=0, le=600)


Price: TypeAlias = Annotated[float, Field(ge=0)] | Purchase | None


class Prices(StrictModel):
    """Prices of one month, or of a purchase, in one currency.

    Attributes:
        currency: shown beside amounts.
        made_up: the prices are examples, and a plan says so.
        node, gpu: of one machine, and of one GPU where that is not part of the machine's price.
        recording_tb, store_tb: of 10^12 bytes of disk for recorded video, and for events in store and brokers.
        network_mbit: of one Mbit/s from the cameras.
        kwh: of energy; node_watts, gpu_watts: power that one machine and one GPU take.
        camera: of one camera besides: its link, pole, maintenance.
        fixed: of everything else together, whatever the number of cameras: brokers, database servers, staff.
    """

    currency: str = Field(default="", max_length=8)
    made_up: bool = False
    node: Price = None
    gpu: Price = None
    recording_tb: Price = None
    store_tb: Price = None
    network_mbit: Price = None
    kwh: float | None = Field(default=None, ge=0)
    node_watts: float | None = Field(default=None, ge=0)
    gpu_watts: float | None = Field(default=None, ge=0)
    camera: Price = None
    fixed: Price = None


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """Cost of a month.

    Attributes:
        parts: by name of the price; missing: prices that the file lacks, so that their part is not included.
    """

    parts: Mapping[str, Range]
    missing: tuple[str, ...]


def read_prices(path: Path) -> Prices:
    """A file of prices.

    Raises:
        ConfigError: it cannot be read, or every mistake in it.
    """
    return read_document(path, Prices, EXAMPLE)


def monthly_cost(prices: Prices, quantities: Mapping[str, Range]) -> MonthlyCost:
    """What the quantities cost in a month.

    Args:
        prices: of the user.
        quantities: by name of the price: ``node``, ``gpu``, ``recording_tb`` and so on; those of 0 need no price.
    """
    parts: dict[str, Range] = {}
    missing: list[str] = []
    for name, quantity in {**quantities, "fixed": exactly(1)}.items():
        price = getattr(prices, name)
        if quantity.high > 0 and price is None:
            missing.append(name)
        elif quantity.high > 0:
            parts[name] = quantity.times(_monthly(price))
    for name in ("node", "gpu"):
        watts, quantity = getattr(prices, f"{name}_watts"), quantities[name]
        if quantity.high > 0:
            missing += [key for key in ("kwh", f"{name}_watts") if getattr(prices, key) is None and key not in missing]
            if watts is not None and prices.kwh is not None:
                parts[f"{name}_watts"] = quantity.times(watts * _HOURS / 1000 * prices.kwh)
    return MonthlyCost(parts, tuple(missing))


def _monthly(price: float | Purchase) -> float:
    return price.purchase / price.months if isinstance(price, Purchase) else price
