"""What a detector may name. There is no ninth label: see `pipeline.policy.labels`."""

from __future__ import annotations

from enum import IntEnum


class Label(IntEnum):
    """Classes of things in a street. The number is what `Detections.labels` holds."""

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
            KeyError: no such label.
        """
        return cls[word.upper()]


VEHICLES = frozenset({Label.BICYCLE, Label.CAR, Label.MOTORCYCLE, Label.BUS, Label.TRUCK})
"""Labels that can carry a plate or be counted as traffic (a bicycle carries no plate but is traffic)."""

FOLLOWED = frozenset(Label) - {Label.FACE}
"""Labels that are followed from image to image. Faces are found to be covered, never to be followed."""

PLATED_VEHICLES = VEHICLES - {Label.BICYCLE}
"""Labels that can carry a license plate."""
