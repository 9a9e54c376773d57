"""Untrusted text in a form that is safe on a terminal and in a log: control characters as escapes, bounded length."""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that change the direction of writing, and halves of characters."""
_BUT_LINES: Final = re.compile(rf"(?![\n\t]){_CONTROL.pattern}")


def escape_controls(text: str) -> str:
    r"""`text` in which every control character is written as ``\u001b``."""
    return _CONTROL.sub(_escape, text)


def escape_controls_in_lines(text: str) -> str:
    """The same for a text of several lines, such as a traceback."""
    return _BUT_LINES.sub(_escape, text)


def shorten(text: str, characters: int) -> str:
    """The beginning of `text`, with … where it is cut."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
