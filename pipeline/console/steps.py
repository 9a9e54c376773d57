"""Steps of a work that a page shows: what is done, what is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A step.

    Attributes:
        title: of the step; state: ``done``, ``now`` or ``later``.
    """

    title: str
    state: str


def steps(done: Sequence[tuple[str, bool]]) -> tuple[Step, ...]:
    """Steps in order; the first one that is not done is the present one.

    Args:
        done: title of each, and whether it is done.
    """
    first = next((place for place, (_, is_done) in enumerate(done) if not is_done), len(done))
    return tuple(
        Step(title, "done" if is_done else "now" if place == first else "later")
        for place, (title, is_done) in enumerate(done)
    )
