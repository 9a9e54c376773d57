"""A program of version n reads events of version n + 1: new fields are ignored, changed ones are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.domain.event_compatibility import NewerEvent, UnknownFields, read_event, why_unreadable
from pipeline.domain.events import SCHEMA_VERSION, Event, encode
from tests.event_samples import alert, one_of_each, plate_read, track

NEXT = SCHEMA_VERSION + 1


def changed(event: Event, *without: str, **changes: Any) -> bytes:
    fields = msgspec.json.decode(encode(event)) | changes
    return msgspec.json.encode({name: value for name, value in fields.items() if name not in without})


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_a_field_that_a_newer_version_added_is_ignored(event: Event) -> None:
    newer = msgspec.structs.replace(event, schema_version=NEXT)
    assert read_event(encode(newer)) == (newer, ())
    assert read_event(changed(newer, color="red", dwell={"s": [1, 2]})) == (newer, ("color", "dwell"))


@pytest.mark.parametrize("data", [changed(plate_read(1), "votes", schema_version=NEXT, count=3),
                                  changed(plate_read(1), schema_version=NEXT, votes="three"),
                                  changed(plate_read(1), schema_version=NEXT, kind="zone_entry")])  # fmt: skip
def test_a_newer_event_with_removed_or_changed_fields_or_of_a_new_kind_asks_for_an_update(data: bytes) -> None:
    with pytest.raises(NewerEvent, match=f"schema version {NEXT}.*update the program, then replay"):
        read_event(data)


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION])
def test_a_further_field_in_a_known_version_is_refused(version: int) -> None:
    with pytest.raises(UnknownFields, match="1 field that its version does not have"):
        read_event(changed(plate_read(1), schema_version=version, face="…"))


@pytest.mark.parametrize("data", [
    changed(plate_read(1), **{"evangelico": 1}),
    changed(plate_read(1), layout="evangelico"),
    changed(plate_read(1), kind="evangelico"),
    changed(plate_read(1), schema_version=NEXT, kind="evangelico"),
    changed(plate_read(1), event_id="evangelico"),
    changed(plate_read(1), votes={"evangelico": "evangelico"}),
    changed(alert(1), severity="evangelico"),
    changed(track(1), trajectory="evangelico"),
    b'{"evangelico": "a`b` - at `$.evangelico`"}',
    b'{"kind":"evangelico',
    b"evangelico",
    b"\xff evangelico",
])  # fmt: skip
def test_the_reason_why_bytes_are_no_event_quotes_nothing_of_them(data: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, ValueError)) as caught:
        read_event(data)
    assert why_unreadable(caught.value)
    assert "evangelico" not in why_unreadable(caught.value)


def test_the_reason_names_the_field_that_is_wrong() -> None:
    with pytest.raises(msgspec.MsgspecError) as caught:
        read_event(changed(plate_read(1), plate=7))
    assert why_unreadable(caught.value).endswith("Expected `str`, got `int`, in plate")


def test_a_version_too_great_for_one_is_not_quoted() -> None:
    assert "12345678909" not in str(NewerEvent(12_345_678_909))


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"{}", b'{"kind":[]}', b'{"schema_version":2}', b"\xff",
                                  b'{"kind":"plate_read","schema_version":1}'])  # fmt: skip
def test_what_is_no_event_stays_none(data: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, ValueError)):
        read_event(data)
