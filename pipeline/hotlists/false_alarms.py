"""Threshold of matches from the false alarms that an installation accepts on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.hotlists.plate_probability import PLATES

WRONG_TEXTS: Final[tuple[tuple[float, float], ...]] = (
    (0.02, 0.71),
    (0.05, 0.35),
    (0.1, 0.22),
    (0.2, 0.12),
    (0.3, 0.085),
    (0.5, 0.045),
    (0.7, 0.032),
    (0.9, 0.014),
)
"""Probability of a match, and how many wrong texts of a read have at least that: measured on real Brazilian plates,
upper end of the 95 % interval (`benchmarks/hotlists.py`)."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Least probability of a match, and what follows from it.

    Attributes:
        probability: least probability that the plate is the listed one.
        false_alarms_per_day: that are expected with it.
        within: whether these are within those accepted; if not, even the highest threshold gives more.
    """

    probability: float
    false_alarms_per_day: float
    within: bool


def threshold(accepted_per_day: float, reads_per_day: int, listed: int) -> Threshold:
    """The lowest threshold with no more false alarms than accepted; if there is none, the highest one.

    A wrong text is on a list as often as a random plate is: with one of `PLATES` for each listed plate. So the expected
    number is reads times listed plates times wrong texts of a read, divided by `PLATES`.

    Args:
        accepted_per_day: false alarms; reads_per_day: vehicles of which all cameras read the plate.
        listed: number of plates that count now.
    """
    pairs = reads_per_day * listed / PLATES
    for probability, wrong in WRONG_TEXTS:
        if pairs * wrong <= accepted_per_day:
            return Threshold(probability, pairs * wrong, within=True)
    probability, wrong = WRONG_TEXTS[-1]
    return Threshold(probability, pairs * wrong, within=False)
