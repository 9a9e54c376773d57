"""Texts of events: no door lets a text pass that could describe a person."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from string import ascii_uppercase, digits
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Event, HealthEvent
from pipeline.domain.ports import SourceState
from pipeline.engine.capacity import Capacity
from pipeline.policy.event_texts import LONGEST_DETAIL, UNKNOWN_SUBJECT, bounded_detail, bounded_texts
from pipeline.policy.gate import Gate, Refusal, RefusalRule
from tests.event_samples import alert, count, health, incident_alert, plate_read, track
from tests.policy.detail_words_of_code import modules, sentences, unknown_words
from tests.project.places import ROOT

GATE = Gate({"cam-1": Camera("cam-1", Scope.PUBLIC_ROAD)})
SAMPLES: list[Event] = [plate_read(1), track(1), count(1), alert(1), health(1), incident_alert(1)]
FREE_TEXTS = ["evangelico, sindicalizado", "ABC1D23", "Maria da Silva", "homem de camisa vermelha"]
TEXT_FIELDS = [
    (event, name)
    for event in SAMPLES
    for name in (
        "label",
        "vehicle",
        "rule",
        "state",
        "stream_id",
        "subject",
        "detail",
        "incident",
        "evidence",
        "figures",
    )
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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("figures", "maria=1"), ("figures", "seconds=1 silva=2"), ("figures", "seconds=1\n"),
        ("figures", " ".join(["seconds=999999999.123"] * 20)), ("evidence", " ".join([str(alert(1).event_id)] * 17)),
        ("incident", "ABC1D23ABC1D23ABC1D23ABC"), ("label", "face"),
    ],
)  # fmt: skip
def test_figures_ids_and_labels_of_an_incident_are_of_closed_lists(name: str, text: str) -> None:
    assert isinstance(GATE.admit(incident_alert(1)), AlertEvent)
    changed = msgspec.structs.replace(incident_alert(1), **{name: text})
    assert isinstance(GATE.admit(changed), Refusal)
    shown = bounded_texts(changed, lambda _: True)
    assert isinstance(shown, AlertEvent)
    assert getattr(shown, name) == "", "what is stored already is not shown"


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
        if re.search(r"\b(AlertEvent|HealthEvent)\($|(?<!def )\bcamera_(alert|state)\(", path.read_text(), re.MULTILINE)
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


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    """A plate, and a text that spells it: any case, digits as words, any signs and other words in between."""
    pattern = draw(st.sampled_from(["LLLNNNN", "LLLNLNN"]))
    plate = "".join(draw(st.sampled_from(ascii_uppercase if kind == "L" else digits)) for kind in pattern)
    gaps = [draw(st.sampled_from(["", " ", "-", ".", "/", "_", "…", "\u200b", " xyz ", ": ", "'"])) for _ in plate]
    if draw(st.booleans()):  # letters one by one, other words between them
        gaps = [gap or " " for gap in gaps] if draw(st.booleans()) else [f" {gap} camera, " for gap in gaps]
    shown = []
    for char in plate:
        as_word = char.isdigit() and char in "1234" and draw(st.booleans())
        shown.append(f" {WORDS[char]} " if as_word else draw(st.sampled_from([char, char.lower()])))
    text = "".join(char + gap for char, gap in zip(shown, gaps, strict=True))
    before, after = (draw(st.sampled_from(["", "placa ", "the camera ", "30 s: ", "cam-1 "])) for _ in range(2))
    return plate, f"{before}{text} {after}"


def readable(text: str) -> str:
    """All that a text spells: its characters without any signs, digits that are words as digits."""
    words = [WORDS_AS_DIGITS.get(word, word) for word in re.findall(r"[^\W_]+", text.casefold())]
    return "".join(words).upper()


WORDS = {"1": "one", "2": "two", "3": "three", "4": "four"}
WORDS_AS_DIGITS = {word: digit for digit, word in WORDS.items()}


@settings(max_examples=1500, deadline=None)
@given(spelled())
def test_no_detail_spells_a_plate(case: tuple[str, str]) -> None:
    plate, text = case
    shown = bounded_detail(text, "cam-1")
    assert plate not in readable(shown)
    letters_and_numbers = "".join(re.findall(r"(?<![^\W_])(?:[a-z]|\d+)(?![^\W_])", shown.casefold())).upper()
    assert plate not in letters_and_numbers, "single letters between other words spell nothing either"


@pytest.mark.parametrize(
    "text",
    ["A B C 1 2 3 4", "ABC 1234", "abc-1234", "placa A.B.C-1.D.2.3", "a camera b camera c camera 1 d 23", "the 1234",
     "A B C one two three four", "a_b_c_1_2_3_4", "AB C 12 34", "ABC cam-1 1234", "ABC Maria 1234", "ABC 12345"],
)  # fmt: skip
def test_known_ways_of_spelling_a_plate_are_hidden(text: str) -> None:
    assert not re.search(r"\d", bounded_detail(text, "cam-1").replace("cam-1", ""))


@pytest.mark.parametrize("number", ["0", "7", "12", "404", "8.2", "12.75", "1234", "86400"])
@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_sentences_of_the_program_pass_unchanged_with_their_numbers(path: Path, number: str) -> None:
    for sentence in sentences(path, number):
        assert bounded_detail(sentence) == sentence


def test_a_camera_state_passes_unchanged() -> None:
    event = health(1, state="backing-off", detail="does not answer (Connection refused)")
    assert isinstance(event, HealthEvent)
    assert GATE.admit(event) is event


@pytest.mark.parametrize("subject", ["SQR/1A09", "S.Q.R.1.A.0.9", "SQR1A09", "maria.da.silva", "evangelico", "db2"])
def test_a_subject_that_is_no_known_id_is_replaced_and_counted(subject: str) -> None:
    gate = Gate({"cam-1": Camera("cam-1", Scope.PUBLIC_ROAD)}, subjects=["city"])
    for door in (gate.admit, gate.admit_stored):
        admitted = door(msgspec.structs.replace(alert(1), subject=subject))
        assert isinstance(admitted, AlertEvent)
        assert admitted.subject == UNKNOWN_SUBJECT
    assert gate.replaced_subjects == 2


def test_a_subject_may_be_a_camera_a_sink_a_table_or_a_rule() -> None:
    gate = Gate({name: Camera(name, Scope.PUBLIC_ROAD) for name in ("cam-1", "cam-0123")}, subjects=["city"])
    for subject in ("", "cam-1", "cam-0123", "city", "plate_reads", "text-not-allowed"):
        event = msgspec.structs.replace(alert(1), subject=subject)
        assert gate.admit(event) is event
    assert gate.replaced_subjects == 0


@pytest.mark.parametrize("stream_id", ["abc1d23", "abc1d23abc1d23", "a" * 25])
def test_a_stream_id_has_the_length_of_ours(stream_id: str) -> None:
    assert isinstance(GATE.admit(msgspec.structs.replace(alert(1), stream_id=stream_id)), Refusal)
