"""Counts with their noun: "1 file", "2 files"."""

from __future__ import annotations

from collections.abc import Mapping


def counted(count: int, noun: str) -> str:
    """A count and its noun, regular plural: ``1 file``, ``2 files``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counted_list(counts: Mapping[str, int], none: str) -> str:
    """Counts by noun: ``46 persons, 1 face``; `none` where there is nothing."""
    return ", ".join(counted(count, noun) for noun, count in counts.items()) or none
