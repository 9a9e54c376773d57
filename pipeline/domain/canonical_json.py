"""Canonical JSON: equal values have equal text, so that digests can be compared."""

from __future__ import annotations

import json
from typing import Any


def canonical_json(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces; invalid UTF-8 stays escaped.

    Raises:
        ValueError: it contains NaN or infinity.
        TypeError: it contains a value that JSON cannot represent.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode()
