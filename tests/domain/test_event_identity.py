"""An id belongs to what an event says: nothing else can be sent under it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.domain.event_identity import identified, is_own_id, sequence_of
from pipeline.domain.events import Event, encode
from tests.event_samples import count, newer_read, one_of_each


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_whatever_an_event_says_is_part_of_its_id(event: Event) -> None:
    assert is_own_id(event.event_id, encode(event))
    assert identified(event) == event
    for name in event.__struct_fields__:
        if name != "event_id":
            forged = msgspec.structs.replace(event, **{name: _another(getattr(event, name))})
            assert not is_own_id(forged.event_id, encode(forged)), name
            assert identified(forged).event_id != event.event_id, name


def _another(value: Any) -> Any:
    return f"{value}x" if isinstance(value, str) else (value or 0) + 1


def test_a_number_tells_apart_events_that_say_the_same() -> None:
    first, second = identified(count(1), 0), identified(count(1), 1)
    assert first.event_id != second.event_id
    assert (sequence_of(first.event_id), sequence_of(second.event_id)) == (0, 1)
    assert is_own_id(second.event_id, encode(second))


def test_the_id_of_a_newer_event_is_that_of_all_its_fields() -> None:
    newer = newer_read(1)
    assert is_own_id(newer.event_id, encode(newer))
    assert not is_own_id(newer.event_id, encode(newer).replace(b'"red"', b'"blue"'))


def test_an_id_never_changes_between_versions_of_the_program() -> None:
    assert str(count(1).event_id) == "36874d03-b270-854c-b928-42d8ecb30000"
