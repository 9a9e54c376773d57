"""Text as a cell of a spreadsheet can hold it."""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 32_767
"""Characters of a spreadsheet cell."""
_NOT_XML: Final = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def spreadsheet_text(text: str) -> str:
    """The text without characters that XML forbids, and no longer than a cell."""
    safe = _NOT_XML.sub("\ufffd", text.replace("\r", "\n"))
    return safe if len(safe) <= _LONGEST else safe[: _LONGEST - 1] + "…"
