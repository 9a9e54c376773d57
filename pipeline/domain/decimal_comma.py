"""Decimal commas, as Brazilians write numbers, where a decimal point is read."""

from __future__ import annotations

import re
from typing import Final

_WITH_COMMA: Final = re.compile(r"[+-]?\d+,\d+", re.ASCII)


def with_point(text: str) -> str:
    """``0.5`` of ``0,5``; "" for what is not a number with a decimal comma."""
    return text.strip().replace(",", ".") if _WITH_COMMA.fullmatch(text.strip()) else ""
