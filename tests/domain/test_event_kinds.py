"""Every kind of event is described once, and completely."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.domain.event_kinds import SPECS, EventSpec, spec_of
from pipeline.domain.events import EVENT_TYPES, Event, Kind
from pipeline.policy.gate import ALLOWED_FIELDS
from tests.event_samples import one_of_each


def test_every_kind_has_one_description() -> None:
    assert list(SPECS) == list(Kind)
    assert set(EVENT_TYPES) == set(Kind)
    assert [spec_of(event).kind for event in one_of_each()] == list(Kind)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.kind.value)
def test_the_fields_shown_exist_and_are_allowed_to_leave(spec: EventSpec) -> None:
    fields = {field.name for field in msgspec.structs.fields(spec.event_type)}
    assert {*spec.shown, *spec.summary} <= fields == ALLOWED_FIELDS[spec.event_type]


@pytest.mark.parametrize("name", ["table", "topic"])
def test_no_two_kinds_share_a_table_or_topic(name: str) -> None:
    assert len({getattr(spec, name) for spec in SPECS.values()}) == len(SPECS)


def test_a_summary_is_a_word_or_two(event_words: dict[str, str]) -> None:
    found = {spec_of(event).kind.value: spec_of(event).summary_of(event) for event in one_of_each()}
    assert found == event_words


@pytest.fixture
def event_words() -> dict[str, str]:
    figures = {"count": "7 car", "line_count": "4 car", "zone_state": "lane-1 car"}
    return {"plate_read": "ABC1D23", "track": "car", **figures, "alert": "camera-lost", "health": "streaming"}


def test_what_can_lead_to_a_person_is_marked(one_each: list[Event]) -> None:
    assert [spec_of(event).personal for event in one_each] == [True, True, *[False] * 5]


@pytest.fixture
def one_each() -> list[Event]:
    return one_of_each()
