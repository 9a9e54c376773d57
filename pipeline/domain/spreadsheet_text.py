"""Text as a cell of a spreadsheet can hold it."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_LONGEST: Final = 32_767
"""Characters of a spreadsheet cell."""


def spreadsheet_text(text: str) -> str:
    """The text without characters that XML forbids, and no longer than a cell."""
    safe = _not_xml().sub("\ufffd", text.replace("\r", "\n"))
    return safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…"


@cache
def _not_xml() -> re.Pattern[str]:
    return re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # compiled at the first use: 4 ms
