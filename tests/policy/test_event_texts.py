"""Texts of events: no door lets a text pass that could describe a person."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Event, HealthEvent
from pipeline.domain.ports import SourceState
from pipeline.engine.capacity import Capacity
from pipeline.policy.event_texts import LONGEST_DETAIL, bounded_detail
from pipeline.policy.gate import Gate, Refusal, RefusalRule
from tests.event_samples import alert, count, health, plate_read, track
from tests.policy.detail_words_of_code import modules, unknown_words
from tests.project.places import ROOT

GATE = Gate({"cam-1": Camera("cam-1", Scope.PUBLIC_ROAD)})
SAMPLES: list[Event] = [plate_read(1), track(1), count(1), alert(1), health(1)]
FREE_TEXTS = ["evangelico, sindicalizado", "ABC1D23", "Maria da Silva", "homem de camisa vermelha"]
TEXT_FIELDS = [
    (event, name)
    for event in SAMPLES
    for name in ("label", "vehicle", "rule", "state", "stream_id", "subject", "detail")
    if hasattr(event, name)
]


@pytest.mark.parametrize("text", FREE_TEXTS)
@pytest.mark.parametrize(("event", "name"), TEXT_FIELDS, ids=lambda value: getattr(value, "camera_id", value))
def test_no_field_holds_a_free_text(event: Event, name: str, text: str) -> None:
    admitted = GATE.admit(msgspec.structs.replace(event, **{name: text}))
    if isinstance(admitted, Refusal):
        assert admitted.rule in {RefusalRule.LABEL, RefusalRule.TEXT}
        assert text not in admitted.reason
    else:
        shown = getattr(admitted, name).casefold()
        assert not any(word in shown for word in text.casefold().replace(",", "").split() if len(word) > 2)


@given(st.sampled_from(SAMPLES), st.sampled_from(["label", "vehicle", "rule", "state"]), st.text(max_size=20))
def test_enumerations_hold_their_own_words_only(event: Event, name: str, text: str) -> None:
    if not hasattr(event, name) or text in {"", "person"} | set(AlertRule) | set(SourceState):
        return
    if text in {"car", "motorcycle", "bus", "truck", "bicycle"}:
        return
    assert isinstance(GATE.admit(msgspec.structs.replace(event, **{name: text})), Refusal)


@given(st.text(max_size=2000))
def test_a_bounded_detail_is_short_and_stays_as_it_is(text: str) -> None:
    once = bounded_detail(text, "cam-1")
    assert len(once) <= LONGEST_DETAIL
    assert bounded_detail(once, "cam-1") == once or len(once) == LONGEST_DETAIL
    assert all(char.isprintable() for char in once)


def test_a_detail_keeps_numbers_known_words_and_the_camera_itself() -> None:
    detail = "av-paulista-900 (rtsp://***@matriz.example/x): does not answer (Connection refused). Check its power"
    shown = bounded_detail(detail, "av-paulista-900")
    assert shown.startswith("av-paulista-900 (rtsp://")
    assert shown.endswith(": does not answer (Connection refused). Check its power")
    assert "matriz" not in shown


@pytest.mark.parametrize("number", [number for number in range(1, 134) if number != errno.ECHILD])
def test_the_operating_systems_messages_are_known(number: int) -> None:
    assert bounded_detail(os.strerror(number)) == os.strerror(number)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_every_word_that_the_program_says_is_known(path: Path) -> None:
    assert not unknown_words(path), "run make reference, and check that no added word can describe a person"


def test_no_module_makes_alerts_or_states_whose_words_are_not_checked() -> None:
    makers = {
        path
        for path in (ROOT / "pipeline").rglob("*.py")
        if re.search(r"\b(AlertEvent|HealthEvent)\($", path.read_text(), re.MULTILINE)
    }
    assert makers, "the search finds them"
    assert makers <= set(modules())


@pytest.mark.parametrize("rates", [(5.0,) * 12, (25.0,), (10.0, 20.0), (25.0, 25.0, 25.0), (5.0,) * 100])
@pytest.mark.parametrize("done", [0.0, 0.45, 3.0, 8.0, 18.6, 27.4])
def test_the_advice_of_an_overload_passes_unchanged(rates: tuple[float, ...], done: float) -> None:
    advice = Capacity(rates, done).advice()
    assert bounded_detail(advice, ENGINE_ID) == advice


def test_a_key_keeps_its_underscores_and_hides_no_other_words() -> None:
    assert bounded_detail("set analyze_fps to 8.2") == "set analyze_fps to 8.2"
    assert bounded_detail("maria_da_silva and XYZ_1D23") == "… and …"


def test_an_alert_of_the_engine_is_bounded_too() -> None:
    own: Any = AlertEvent(
        event_id=alert(1).event_id, camera_id=ENGINE_ID, ts_ms=0, rule="events-lost", severity=alert(1).severity,
        subject="store", detail="3 events: refused by Maria",
    )  # fmt: skip
    admitted = GATE.admit(own)
    assert isinstance(admitted, AlertEvent)
    assert admitted.detail == "3 events: refused by …"


def test_a_camera_state_passes_unchanged() -> None:
    event = health(1, state="backing-off", detail="does not answer (Connection refused)")
    assert isinstance(event, HealthEvent)
    assert GATE.admit(event) is event


@pytest.mark.parametrize("subject", ["SQR/1A09", "S.Q.R.1.A.0.9", "s_q_r-1a-09", "SQR1A09"])
def test_no_subject_spells_a_plate(subject: str) -> None:
    refused = GATE.admit(msgspec.structs.replace(alert(1), subject=subject))
    assert isinstance(refused, Refusal)
    assert refused.rule is RefusalRule.TEXT


def test_a_subject_may_be_a_known_camera_however_it_is_called() -> None:
    gate = Gate({name: Camera(name, Scope.PUBLIC_ROAD) for name in ("cam-1", "cam-0123")})
    event = msgspec.structs.replace(alert(1), subject="cam-0123")
    assert not isinstance(gate.admit(event), Refusal)
    assert isinstance(GATE.admit(event), Refusal)


@pytest.mark.parametrize("stream_id", ["abc1d23", "abc1d23abc1d23", "a" * 25])
def test_a_stream_id_has_the_length_of_ours(stream_id: str) -> None:
    assert isinstance(GATE.admit(msgspec.structs.replace(alert(1), stream_id=stream_id)), Refusal)
