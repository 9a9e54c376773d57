"""Values of events: what no engine of ours makes is refused at every door, and nothing of it is quoted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import EVENT_TYPES, Event
from pipeline.domain.plate import Layout, may_be_plate
from pipeline.policy.gate import Gate, Refusal, RefusalRule
from pipeline.policy.plausibility import LIMITS, why_implausible
from tests.event_samples import AREAS, count, one_of_each, plate_read, track

GATE = Gate({"cam-1": Camera("cam-1", Scope.PUBLIC_ROAD, areas=AREAS)})
NO_PLATES = [
    "",
    "EVANGELICO HIV POSITIVO JOAO DA SILVA SINDICALIZADO",
    "HIV POSITIVO",
    "Joao e catolico",
    "EVANGELICO1",
    "A" * 100_000,
    "ABC\x001D23",
    "\x1b[31mABC1D23",
    "ABC1D23' OR '1'='1",
    '=HYPERLINK("x")',
    "ABCDEFG",
    " ABC1D23",
    "ÁBC1D23",
    "ABC1D2٣",
]


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_events_of_our_engines_are_plausible(event: Event) -> None:
    assert why_implausible(event) == ""
    assert GATE.admit(event) == GATE.admit_stored(event) == event


@pytest.mark.parametrize("text", NO_PLATES)
def test_a_text_that_is_on_no_plate_is_no_plate(text: str) -> None:
    read = plate_read(1, plate=text)
    assert_refused(read, "its plate")
    assert not may_be_plate(text)


@pytest.mark.parametrize(
    "text", ["ABC1D23", "abc-1234", "AB123CD", "HVL AB 123", "CD 1234", "ABCID23", "A.B.C.1.D.2.3"]
)
def test_plates_of_all_kinds_may_be_plates(text: str) -> None:
    assert may_be_plate(text)
    assert why_implausible(plate_read(1, plate=text)) == ""


def test_a_read_has_the_key_and_the_layout_of_its_plate() -> None:
    assert_refused(msgspec.structs.replace(plate_read(1), plate_key="ZZZ"), "plate_key")
    assert_refused(msgspec.structs.replace(plate_read(1), layout=Layout.OTHER), "layout")
    assert_refused(msgspec.structs.replace(plate_read(1, plate="XX1234Y"), layout=Layout.BR_OLD), "layout")


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (plate_read(1), {"confidence": -5.0}),
        (plate_read(1), {"confidence": 1e300}),
        (plate_read(1), {"confidence": float("nan")}),
        (plate_read(1), {"votes": -1}),
        (plate_read(1), {"votes": 2**40}),
        (plate_read(1), {"frame": 2**70}),
        (plate_read(1), {"track_id": -(2**63)}),
        (plate_read(1), {"schema_version": 0}),
        (plate_read(1), {"schema_version": 65_536}),
        (plate_read(1), {"x1": float("inf")}),
        (plate_read(1), {"ts_ms": 10**18}),
        (plate_read(1), {"first_ts_ms": -(10**17)}),
        (plate_read(1), {"first_ts_ms": 1_900_000_000_000}),
        (track(1), {"speed_m_s": 1e308}),
        (track(1), {"frames": -1}),
        (count(1), {"count": 2**32}),
        (count(1), {"ts_ms": -62_135_596_800_000}),
    ],
)
def test_numbers_beyond_those_of_our_engines_are_refused(event: Event, changes: dict[str, Any]) -> None:
    assert_refused(msgspec.structs.replace(event, **changes), next(iter(changes)))


def test_every_number_of_an_event_has_limits() -> None:
    for event_type in EVENT_TYPES.values():
        for field in msgspec.structs.fields(event_type):
            if field.name != "first_ts_ms" and any(name in str(field.type) for name in ("int", "float")):
                assert field.name in LIMITS, f"{event_type.__name__}.{field.name}"


def assert_refused(event: Event, words: str) -> None:
    for admitted in (GATE.admit(event), GATE.admit_stored(event)):
        assert isinstance(admitted, Refusal)
        assert (admitted.rule, admitted.event) == (RefusalRule.VALUE, None)
        assert words in admitted.reason
        values = {str(value) for value in msgspec.structs.asdict(event).values() if len(str(value)) > 3}
        assert not any(value in admitted.reason for value in values)
