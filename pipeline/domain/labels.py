"""Labels of detected objects. These eight are all that the policy allows: see `pipeline.policy.labels`."""

from __future__ import annotations

from enum import IntEnum


class Label(IntEnum):
    """Classes of objects in street scenes; `Detections.labels` contains their numbers."""

    PERSON = 0
    BICYCLE = 1
    CAR = 2
    MOTORCYCLE = 3
    BUS = 4
    TRUCK = 5
    FACE = 6
    PLATE = 7

    @property
    def word(self) -> str:
        """The lower-case English word used in files, tables and on images."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Label:
        """The label of a word such as ``car``.

        Raises:
            KeyError: unknown label.
        """
        return cls[word.upper()]


VEHICLES = frozenset({Label.BICYCLE, Label.CAR, Label.MOTORCYCLE, Label.BUS, Label.TRUCK})
"""Labels that can carry a plate or be counted as traffic (a bicycle carries no plate but is traffic)."""

FOLLOWED = frozenset(Label) - {Label.FACE}
"""Labels that are tracked from frame to frame. Faces are detected for masking and never tracked."""

PLATED_VEHICLES = VEHICLES - {Label.BICYCLE}
"""Labels that can carry a license plate."""
