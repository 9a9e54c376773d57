"""Events as JSON for brokers and files."""

from __future__ import annotations

import math

from pipeline.domain.events import AlertEvent, CountEvent, Event, HealthEvent, PlateReadEvent, TrackEvent, encode
from pipeline.sink.writer import Refused

_FLOATS: dict[type, tuple[str, ...]] = {
    PlateReadEvent: ("confidence", "x1", "y1", "x2", "y2"),
    TrackEvent: ("path_px", "speed_px_s", "speed_m_s"),
    CountEvent: (),
    AlertEvent: (),
    HealthEvent: (),
}


def to_json(event: Event) -> bytes:
    """Compact JSON that `pipeline.domain.events.decode` takes back.

    Raises:
        Refused: a number that is not finite (JSON has none) or a text that is not Unicode.
    """
    for name in _FLOATS[type(event)]:
        value = getattr(event, name)
        if value is not None and not math.isfinite(value):
            raise Refused(str(event.event_id), f"{name} is not a finite number")
    try:
        return encode(event)
    except ValueError as error:
        raise Refused(str(event.event_id), f"it cannot be written as JSON: {error}") from error
