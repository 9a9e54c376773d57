"""Figures of alerts as text: what was measured, what is usual, what the limit was.

The names are a closed list, so that the text of an event cannot say anything about a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

FIGURES_LENGTH: Final = 300
"""Characters of all figures of an alert."""
_LARGEST: Final = 999_999_999.0


class Figure(StrEnum):
    """Names of figures, with their units."""

    SECONDS = "seconds"
    """How long the condition has lasted."""
    COUNT = "count"
    """Vehicles or persons concerned."""
    USUAL = "usual"
    """What is usual here at this hour, in the unit of the figure that the rule judges."""
    LIMIT = "limit"
    """From which value on the rule reports, in the same unit."""
    SPEED_M_S = "speed_m_s"
    """Meters per second, where the camera is calibrated."""
    LENGTHS_S = "lengths_s"
    """Speed in lengths of the object's own box per second, where it is not."""
    DEGREES = "degrees"
    """Angle to the direction of travel, or of a turn."""
    TURNS = "turns"
    """Changes of direction."""
    GROUPED = "grouped"
    """Further conditions that belong to the incident."""
    CAMERAS = "cameras"
    """Cameras at which the incident is seen."""
    KILOMETERS = "kilometers"
    SPEED_KM_H = "speed_km_h"
    ENTRY = "entry"
    """Number of the entry of a hot-list."""
    PROBABILITY = "probability"
    """That the plate is the listed one."""
    MEETINGS = "meetings"
    """Cameras at which two vehicles were read within seconds of each other."""
    UNWATCHED = "unwatched"
    """1 where no one watched the end of an incident: the program was killed, or the camera removed."""


FIGURE_NAMES: Final = frozenset(figure.value for figure in Figure)


def encode_figures(figures: Mapping[Figure, float]) -> str:
    """The figures as ``seconds=45 usual=8.5``, in the order of `Figure`; "" for none."""
    ordered = ((figure, figures[figure]) for figure in Figure if figure in figures)
    return " ".join(f"{figure.value}={_number(value)}" for figure, value in ordered)


def decode_figures(text: str) -> dict[Figure, float]:
    """The figures of an encoded text; names that this version does not know are left out."""
    pairs = (part.partition("=") for part in text.split())
    return {Figure(name): float(value) for name, _, value in pairs if name in FIGURE_NAMES}


def are_figures(text: str) -> bool:
    """Whether every name in a text of the right form is one of the list."""
    return all(part.partition("=")[0] in FIGURE_NAMES for part in text.split())


def _number(value: float) -> str:
    return f"{round(min(max(value, -_LARGEST), _LARGEST), 3) + 0.0:.3f}".rstrip("0").rstrip(".")
