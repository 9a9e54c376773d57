"""Cells of open data that reveal no one: small counts are left out, and what would give them away by a difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class PublishedCell(NamedTuple):
    """What is published of a place, direction and time.

    Attributes:
        classes: whose counts are published; total: whether the sum of all classes is.
    """

    classes: frozenset[str]
    total: bool


def published(counts: Mapping[str, int], least: int) -> PublishedCell:
    """Which counts of a place, direction and time may be published.

    A count of 1 to `least` - 1 may not (k-anonymity). The total minus what is published is the sum of the others,
    so there have to be two of them at least, with `least` road users together: the smallest classes that may be
    published are left out until that is so. No total is published that is too small itself.

    Args:
        counts: of each class; least: the smallest count that is published.
    """
    if sum(counts.values()) < least:
        return PublishedCell(frozenset(), total=False)
    by_size = sorted((number, name) for name, number in counts.items() if number)
    hidden = [number for number, _ in by_size if number < least]
    shown = [name for number, name in by_size if number >= least]
    while hidden and shown and (len(hidden) < 2 or sum(hidden) < least):
        hidden.append(counts[shown.pop(0)])
    return PublishedCell(frozenset(shown), total=True)
