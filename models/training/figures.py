"""Proportions with confidence intervals, and calibration error."""

from __future__ import annotations

import math
from collections.abc import Sequence


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % Wilson interval of a proportion; (0, 1) for a total of 0."""
    if not total:
        return 0.0, 1.0
    z, share = 1.96, right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def shown(right: int, total: int) -> str:
    """Such as ``0.971 (66/68, 0.90-0.99)``."""
    low, high = wilson(right, total)
    return f"{right / max(1, total):.3f} ({right}/{total}, {low:.2f}-{high:.2f})"


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and accuracy over equal-width bins."""
    total = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        last = number == bins - 1
        inside = [i for i, c in enumerate(confidences) if low <= c < high or (last and c >= high)]
        if inside:
            mean = sum(confidences[i] for i in inside) / len(inside)
            share = sum(right[i] for i in inside) / len(inside)
            total += len(inside) * abs(mean - share)
    return total / max(1, len(confidences))
