"""Plausibility of the values of events: limits that every event of our engines is within.

Search, erasure and retention rely on them. Beyond them a value could hold what no event may, such as words about a
person in the place of a plate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.domain.events import Event, PlateReadEvent
from pipeline.domain.plate import layout_of, may_be_plate, plate_key

_END_MS: Final = 2**32 * 1000
"""End of the event store's timestamps (2106)."""
_PIXELS: Final = (-1e6, 1e6)
_UINT32: Final = (0, 2**32 - 1)
_NUMBER: Final = (0, 2**63 - 1)
LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "schema_version": (1, 2**16 - 1),
    "ts_ms": (0, _END_MS - 1),
    "track_id": _NUMBER,
    "frame": _NUMBER,
    "frames": _UINT32,
    "votes": _UINT32,
    "count": _UINT32,
    "confidence": (0.0, 1.0),
    "x1": _PIXELS,
    "y1": _PIXELS,
    "x2": _PIXELS,
    "y2": _PIXELS,
    "path_px": (0.0, 1e12),
    "speed_px_s": (0.0, 1e12),
    "speed_m_s": (0.0, 1e9),
    "mean_m_s": (0.0, 200.0),
    "p85_m_s": (0.0, 200.0),
    "headway_s": (0.0, 1e9),
    "occupancy": (0.0, 1e5),
    "occupancy_max": _UINT32,
    "queue": (0.0, 1e5),
    "queue_max": _UINT32,
    "seen_s": (0.0, 60.0),
    "density_m2": (0.0, 1e9),
    "density_km": (0.0, 1e9),
}
"""Least and greatest value of each number."""


def why_implausible(event: Event) -> str:
    """Why no engine of ours makes such an event, in words that quote nothing of it; "" for a plausible one."""
    for name, (least, greatest) in LIMITS.items():
        value = getattr(event, name, None)
        if value is not None and not least <= value <= greatest:  # nor is NaN
            return f"its {name} is out of range"
    if not 0 <= getattr(event, "first_ts_ms", event.ts_ms) <= event.ts_ms:
        return "its first_ts_ms is not between 1970 and its ts_ms"
    return _why_no_plate(event) if isinstance(event, PlateReadEvent) else ""


def _why_no_plate(read: PlateReadEvent) -> str:
    if not may_be_plate(read.plate):
        return "its plate is empty, too long, or a text that is on no plate"
    if plate_key(read.plate) != read.plate_key:
        return "its plate_key is not the key of its plate"
    if layout_of(read.plate) is not read.layout:
        return "its layout is not that of its plate"
    return ""
