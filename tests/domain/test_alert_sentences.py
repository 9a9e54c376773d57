"""Every rule has a sentence in English and Portuguese, made of its figures."""

from __future__ import annotations

import re

import msgspec
import pytest

from pipeline.alerting.settings import SCENE_RULES
from pipeline.domain.alert_figures import Figure, decode_figures, encode_figures
from pipeline.domain.alert_sentences import PORTUGUESE_SENTENCES, SENTENCE_RULES, SENTENCES, alert_sentence
from pipeline.domain.events import AlertEvent, IncidentPhase
from pipeline.domain.locale import Locale
from tests.event_samples import alert, incident_alert

_ALL = encode_figures({figure: number + 0.5 for number, figure in enumerate(Figure)})


def of(rule: str, figures: str = _ALL, **changes: object) -> AlertEvent:
    return msgspec.structs.replace(incident_alert(1), rule=rule, figures=figures, **changes)


def test_every_sentence_has_a_translation_with_the_same_values() -> None:
    assert SENTENCES == PORTUGUESE_SENTENCES
    assert set(SCENE_RULES) < SENTENCE_RULES


@pytest.mark.parametrize("rule", sorted(SENTENCE_RULES))
@pytest.mark.parametrize("locale", [None, Locale.PT_BR])
def test_every_rule_says_its_figures_and_nothing_that_it_does_not_know(rule: str, locale: Locale | None) -> None:
    full, empty = alert_sentence(of(rule), locale), alert_sentence(of(rule, ""), locale)
    assert len(full) > len(empty)
    for sentence in (full, empty):
        assert not re.search(r"[{}]|nan|None", sentence)
        assert not sentence.endswith((".", ":", ";", " "))


def test_a_sentence_is_that_of_its_language() -> None:
    said = of("stopped-vehicle", "seconds=45 usual=8.5", subject="lane-1")
    assert alert_sentence(said) == "A car has not moved (lane-1) for 45 s; usual there: up to 8.5 s"
    assert alert_sentence(said, Locale.PT_BR) == "Um carro não se move (lane-1) há 45 s; usual no local: até 8,5 s"


def test_an_end_and_an_update_say_that_they_are_none_of_a_begin() -> None:
    ended = of("crowd", "count=30", phase=IncidentPhase.ENDED, label="")
    assert alert_sentence(ended) == "Ended: The number of persons grows: 30"
    grouped = of("congestion", "grouped=3 cameras=2", phase=IncidentPhase.UPDATED, label="")
    assert alert_sentence(grouped) == "Still: Traffic is congested; 3 further observations, at 2 cameras"


def test_an_alert_about_a_camera_says_its_detail() -> None:
    assert alert_sentence(alert(1)) == "no answer"


def test_figures_come_back_as_they_were_and_unknown_ones_are_left_out() -> None:
    assert decode_figures(_ALL) == {figure: number + 0.5 for number, figure in enumerate(Figure)}
    assert decode_figures("seconds=3 later_figure=4") == {Figure.SECONDS: 3.0}
    assert decode_figures("") == {}
    assert encode_figures({Figure.COUNT: 1e30, Figure.SECONDS: -0.0001}) == "seconds=0 count=999999999"
