"""Events survive their encoding, and their ids tell a replay from something new."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.events import (
    AlertEvent,
    CountEvent,
    Event,
    HealthEvent,
    PlateReadEvent,
    Severity,
    TrackEvent,
    decode,
    encode,
    kind_of,
)
from pipeline.domain.plate import Layout

_INT = st.integers(0, 2**53)
_NUMBER = st.floats(0, 1e6)
_WORD = st.text(max_size=20)
_BASE = {"event_id": st.uuids(), "camera_id": _WORD, "ts_ms": _INT}
_EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        PlateReadEvent, **_BASE, plate=_WORD, plate_key=_WORD, layout=st.sampled_from(Layout), confidence=_NUMBER,
        votes=_INT, vehicle=_WORD, stream_id=_WORD, track_id=_INT, first_ts_ms=_INT, x1=_NUMBER, y1=_NUMBER, x2=_NUMBER,
        y2=_NUMBER, frame=_INT,
    ),
    st.builds(
        TrackEvent, **_BASE, label=_WORD, stream_id=_WORD, track_id=_INT, first_ts_ms=_INT, frames=_INT,
        path_px=_NUMBER, speed_px_s=_NUMBER, speed_m_s=st.none() | _NUMBER,
    ),
    st.builds(CountEvent, **_BASE, label=_WORD, count=_INT, stream_id=_WORD),
    st.builds(AlertEvent, **_BASE, rule=_WORD, severity=st.sampled_from(Severity), subject=_WORD, detail=_WORD),
    st.builds(HealthEvent, **_BASE, state=_WORD, detail=_WORD),
)  # fmt: skip


@given(_EVENTS)
def test_an_event_comes_back_as_it_left(event: Event) -> None:
    assert decode(encode(event)) == event
    assert msgspec.json.decode(encode(event))["kind"] == kind_of(event).value


@given(_EVENTS)
def test_a_field_nobody_knows_is_refused(event: Event) -> None:
    fields = msgspec.json.decode(encode(event)) | {"face": "…"}
    with pytest.raises(msgspec.ValidationError, match="face"):
        decode(msgspec.json.encode(fields))


def test_a_kind_nobody_knows_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"kind":"face","camera_id":"c"}')
