"""What may leave, for every kind of camera and event."""

from __future__ import annotations

import uuid

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.camera import Camera, Scope, Surroundings
from pipeline.domain.events import (
    ENGINE_ID,
    EVENT_TYPES,
    AlertEvent,
    BaseEvent,
    CountEvent,
    Event,
    HealthEvent,
    PlateReadEvent,
    Severity,
    TrackEvent,
)
from pipeline.domain.plate import Layout
from pipeline.errors import PolicyError
from pipeline.policy.gate import ALLOWED_FIELDS, Gate, RefusalRule, check_schema
from pipeline.policy.scope import may_read_plates, why_no_plates

_ID = uuid.UUID(int=1)
_PLATE = PlateReadEvent(
    event_id=_ID, camera_id="c", ts_ms=0, plate="ABC1D23", plate_key="ABC1D23", layout=Layout.BR_MERCOSUL,
    confidence=0.9, votes=3, vehicle="car", stream_id="5", track_id=1, first_ts_ms=0, x1=0, y1=0, x2=9, y2=3, frame=4,
)  # fmt: skip
_HIT = AlertEvent(event_id=_ID, camera_id="c", ts_ms=0, rule="listed-plate", severity=Severity.WARNING)
_OTHERS: list[Event] = [
    TrackEvent(
        event_id=_ID, camera_id="c", ts_ms=0, label="car", stream_id="5", track_id=1, first_ts_ms=0, frames=3,
        path_px=1, speed_px_s=1,
    ),
    CountEvent(event_id=_ID, camera_id="c", ts_ms=0, label="car", count=1, stream_id="5"),
    AlertEvent(event_id=_ID, camera_id="c", ts_ms=0, rule="camera-lost", severity=Severity.WARNING),
    HealthEvent(event_id=_ID, camera_id="c", ts_ms=0, state="streaming", detail=""),
]  # fmt: skip
_CAMERAS = st.builds(
    Camera,
    camera_id=st.just("c"),
    scope=st.sampled_from(Scope),
    surroundings=st.frozensets(st.sampled_from(Surroundings)),
)


@given(_CAMERAS)
def test_plates_leave_only_from_roads_and_car_park_entrances_without_sensitive_surroundings(camera: Camera) -> None:
    allowed = camera.scope in {Scope.PUBLIC_ROAD, Scope.CAR_PARK_ENTRANCE} and not camera.surroundings
    assert may_read_plates(camera) is allowed
    assert (Gate({"c": camera}).refusal(_PLATE) is None) is allowed
    assert (Gate({"c": camera}).refusal(_HIT) is None) is allowed, "a hit of a hot-list"
    assert (why_no_plates(camera) == "") is allowed


@given(_CAMERAS)
def test_a_refusal_names_the_scope_or_the_places_and_the_law(camera: Camera) -> None:
    refusal = Gate({"c": camera}).refusal(_PLATE)
    reason = refusal.reason if refusal else ""
    if camera.scope is Scope.PUBLIC_SQUARE:
        assert "public-square" in reason
        assert "law 11.766" in reason
    elif camera.surroundings:
        assert all(place.value in reason for place in camera.surroundings)
        assert "art. 12" in reason


@given(_CAMERAS, st.sampled_from(_OTHERS))
def test_counts_and_health_leave_from_every_camera_and_tracks_from_no_sensitive_place(
    camera: Camera, event: Event
) -> None:
    refusal = Gate({"c": camera}).refusal(event)
    assert (refusal is None) is not (isinstance(event, TrackEvent) and bool(camera.surroundings))
    if refusal is not None:
        assert refusal.rule is RefusalRule.TRACKS
        assert all(place.value in refusal.reason for place in camera.surroundings)


@pytest.mark.parametrize(("surroundings", "leaves"), [((), True), ((Surroundings.CLINIC,), False)])
def test_tracks_of_a_camera_that_shows_the_scene_of_a_sensitive_place_stay(
    surroundings: tuple[Surroundings, ...], leaves: bool
) -> None:
    other = Camera("other", Scope.PUBLIC_SQUARE, surroundings=frozenset(surroundings))
    gate = Gate({"c": Camera("c", Scope.PUBLIC_ROAD), "other": other})
    gate.forbid_plates("c", "other", "it shows the scene of another camera")
    assert (rule_of(gate, _OTHERS[0]) is None) is leaves
    alert = _OTHERS[2]
    for change in ({"track_id": 7}, {"evidence": str(_ID)}, {"x2": 9.0}):
        assert (rule_of(gate, msgspec.structs.replace(alert, **change)) is None) is leaves
    assert rule_of(gate, alert) is None, "of the camera as such"
    gate.permit_plates("c", "other")
    assert rule_of(gate, _OTHERS[0]) is None


@pytest.mark.parametrize("event", [_PLATE, *_OTHERS], ids=lambda event: type(event).__name__)
def test_nothing_leaves_from_a_camera_that_was_never_declared(event: Event) -> None:
    assert rule_of(Gate({}), event) is RefusalRule.CAMERA


def test_of_the_program_itself_only_alerts_leave() -> None:
    alert = AlertEvent(event_id=_ID, camera_id=ENGINE_ID, ts_ms=0, rule="events-lost", severity=Severity.CRITICAL)
    assert Gate({}).refusal(alert) is None
    assert rule_of(Gate({}), msgspec.structs.replace(_PLATE, camera_id=ENGINE_ID)) is RefusalRule.CAMERA


def test_an_event_type_outside_the_list_does_not_leave() -> None:
    class Other(BaseEvent, frozen=True, kw_only=True, tag="other"):
        pass

    camera = Camera("c", Scope.PUBLIC_ROAD)
    stranger = Other(event_id=_ID, camera_id="c", ts_ms=0)
    assert rule_of(Gate({"c": camera}), stranger) is RefusalRule.KIND  # type: ignore[arg-type]


@pytest.mark.parametrize("label", ["face", "plate", "unionist", "", "Car"])
def test_only_labels_of_traffic_leave(label: str) -> None:
    gate = Gate({"c": Camera("c", Scope.PUBLIC_ROAD)})
    for event in _OTHERS[:2]:
        assert rule_of(gate, msgspec.structs.replace(event, label=label)) is RefusalRule.LABEL
    assert (rule_of(gate, msgspec.structs.replace(_PLATE, vehicle=label)) is None) is (label == "")


@given(st.text(min_size=3), st.text(min_size=3))
def test_a_reason_quotes_nothing_of_the_event(camera_id: str, text: str) -> None:
    read = msgspec.structs.replace(_PLATE, camera_id=camera_id, plate=text, vehicle=text)
    square = Camera("c", Scope.PUBLIC_SQUARE)
    reasons = {
        (refusal and refusal.reason) for refusal in (Gate({}).refusal(read), Gate({camera_id: square}).refusal(read))
    }
    fixed = {Gate({}).refusal(_PLATE), Gate({"c": square}).refusal(_PLATE)}
    assert reasons == {(refusal and refusal.reason) for refusal in fixed}


def rule_of(gate: Gate, event: Event) -> RefusalRule | None:
    refusal = gate.refusal(event)
    return None if refusal is None else refusal.rule


def test_the_list_holds_exactly_the_fields_that_the_events_have() -> None:
    for event_type, allowed in ALLOWED_FIELDS.items():
        assert {field.name for field in msgspec.structs.fields(event_type)} == allowed
    assert set(ALLOWED_FIELDS) == set(EVENT_TYPES.values())


@pytest.mark.parametrize("field", ["face", "image", "gender", "owner_name"])
def test_an_event_type_with_one_more_field_stops_the_start(field: str) -> None:
    grown = msgspec.defstruct("TrackEvent2", [(field, str)], bases=(TrackEvent,), kw_only=True)
    with pytest.raises(PolicyError, match=field):
        check_schema({grown: ALLOWED_FIELDS[TrackEvent]})


def test_no_allowed_field_could_hold_pixels() -> None:
    for event_type in ALLOWED_FIELDS:
        for field in msgspec.structs.fields(event_type):
            assert not any(word in str(field.type) for word in ("bytes", "ndarray", "list", "dict", "Any")), field
