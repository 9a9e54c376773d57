"""Sentences of alerts in English and Portuguese, made of rule, subject, label and figures.

An alert stores no sentence: it would be in one language, and a free text in an event could say anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pipeline.domain.alert_figures import Figure, decode_figures
from pipeline.domain.alert_names import rule_name
from pipeline.domain.events import AlertEvent, AlertRule, IncidentPhase
from pipeline.domain.language import ENGLISH, Language, portuguese
from pipeline.domain.locale import Locale


class _Clause(NamedTuple):
    """A part of a sentence, said where the alert has the figures that it names.

    Attributes:
        text: with the names of figures, ``{who}``, ``{where}`` and ``{time}``, the figure `seconds` in words.
        needs: figures that it says.
    """

    text: str
    needs: tuple[Figure, ...] = ()


_FOR: Final = _Clause(" for {time}", (Figure.SECONDS,))
_USUAL_COUNT: Final = _Clause("; usual at this hour: {usual}", (Figure.USUAL,))
_USUAL_TIME: Final = _Clause("; usual there: up to {usual} s", (Figure.USUAL,))
_METERS: Final = _Clause(" at {speed_m_s} m/s", (Figure.SPEED_M_S,))
_LENGTHS: Final = _Clause(" at {lengths_s} lengths per second", (Figure.LENGTHS_S,))

_WITH_ENTRY: Final = _Clause("; list entry {entry}", (Figure.ENTRY,))

_SENTENCES: Final[Mapping[str, Sequence[_Clause]]] = {
    AlertRule.STOPPED_VEHICLE: (_Clause("{who} has not moved{where}"), _FOR, _USUAL_TIME),
    AlertRule.SLOW_VEHICLE: (_Clause("{who} travels slowly{where}"), _METERS, _LENGTHS, _USUAL_COUNT),
    AlertRule.SWERVING_VEHICLE: (
        _Clause("{who} swerves{where}"),
        _Clause(": {turns} changes of direction", (Figure.TURNS,)),
    ),
    AlertRule.WRONG_WAY: (
        _Clause("{who} travels against the direction of traffic{where}"),
        _FOR,
        _Clause(", {degrees}° off", (Figure.DEGREES,)),
    ),
    AlertRule.PERSON_ON_ROADWAY: (_Clause("{who} is on the roadway{where}"), _FOR),
    AlertRule.VEHICLE_OFF_ROADWAY: (_Clause("{who} is where no vehicle may be{where}"), _FOR),
    AlertRule.ZONE_ENTERED: (_Clause("{who} has entered a closed area{where}"), _FOR),
    AlertRule.CONGESTION: (
        _Clause("Traffic is congested{where}"),
        _Clause(": {count} vehicles", (Figure.COUNT,)),
        _LENGTHS,
        _USUAL_COUNT,
    ),
    AlertRule.CROWD: (
        _Clause("The number of persons grows{where}"),
        _Clause(": {count}", (Figure.COUNT,)),
        _USUAL_COUNT,
    ),
    AlertRule.SUDDEN_EMPTINESS: (_Clause("No one and no vehicle has been seen{where}"), _FOR, _USUAL_COUNT),
    AlertRule.POSSIBLE_CLONE: (
        _Clause("One plate was read at two places faster than a vehicle can drive"),
        _Clause(": {kilometers} km", (Figure.KILOMETERS,)),
        _Clause(" at {speed_km_h} km/h", (Figure.SPEED_KM_H,)),
        _Clause(", from {subject}", (Figure.KILOMETERS,)),
    ),
    AlertRule.WATCHED_CONVOY: (
        _Clause("A vehicle travels with one that is watched"),
        _Clause(": together at {meetings} cameras", (Figure.MEETINGS,)),
        _WITH_ENTRY,
    ),
    AlertRule.LISTED_PLATE: (
        _Clause("A plate of a list was read"),
        _Clause(": entry {entry}", (Figure.ENTRY,)),
        _Clause("; {time} after {subject}", (Figure.SECONDS,)),
    ),
}
_GROUPED: Final = _Clause("; {grouped} further observations", (Figure.GROUPED,))
_CAMERAS: Final = _Clause(", at {cameras} cameras", (Figure.CAMERAS,))
_UNWATCHED: Final = _Clause("; its end was not seen", (Figure.UNWATCHED,))
_STEPS: Final[Mapping[tuple[IncidentPhase, str], str]] = {
    (IncidentPhase.ACKNOWLEDGED, ""): "Incident acknowledged: {rule}",
    (IncidentPhase.ESCALATED, ""): "Incident escalated: {rule}",
    (IncidentPhase.CLOSED, "true"): "Incident closed: {rule}",
    (IncidentPhase.CLOSED, "false"): "Incident closed as a false alarm: {rule}",
    (IncidentPhase.CLOSED, "duplicate"): "Incident closed as a duplicate: {rule}",
    (IncidentPhase.CLOSED, "test"): "Incident closed as a test: {rule}",
}
"""By phase and detail."""
_PHASES: Final = {IncidentPhase.UPDATED: "Still: {sentence}", IncidentPhase.ENDED: "Ended: {sentence}"}
SENTENCE_RULES: Final = frozenset(_SENTENCES)
"""Rules whose alerts have a sentence; the others state theirs in `AlertEvent.detail`."""

_WHO: Final[Mapping[str, str]] = {
    "": "An object",
    "person": "A person",
    "bicycle": "A bicycle",
    "car": "A car",
    "motorcycle": "A motorcycle",
    "bus": "A bus",
    "truck": "A truck",
}
_WHERE: Final = " ({subject})"
_SHORT: Final = "{number} s"
_LONG: Final = "{number} min"
_PORTUGUESE: Final = portuguese(
    {
        " for {time}": " há {time}",
        "; usual at this hour: {usual}": "; usual neste horário: {usual}",
        "; usual there: up to {usual} s": "; usual no local: até {usual} s",
        " at {speed_m_s} m/s": " a {speed_m_s} m/s",
        " at {lengths_s} lengths per second": " a {lengths_s} comprimentos por segundo",
        "{who} has not moved{where}": "{who} não se move{where}",
        "{who} travels slowly{where}": "{who} trafega devagar{where}",
        "{who} swerves{where}": "{who} faz zigue-zague{where}",
        ": {turns} changes of direction": ": {turns} mudanças de direção",
        "{who} travels against the direction of traffic{where}": "{who} trafega na contramão{where}",
        ", {degrees}° off": ", desvio de {degrees}°",
        "{who} is on the roadway{where}": "{who} está na pista de veículos{where}",
        "{who} is where no vehicle may be{where}": "{who} está onde não pode haver veículos{where}",
        "{who} has entered a closed area{where}": "{who} entrou em área fechada{where}",
        "Traffic is congested{where}": "Tráfego congestionado{where}",
        ": {count} vehicles": ": {count} veículos",
        "The number of persons grows{where}": "O número de pessoas cresce{where}",
        ": {count}": ": {count}",
        "No one and no vehicle has been seen{where}": "Não se vê pessoa nem veículo{where}",
        "One plate was read at two places faster than a vehicle can drive": "Uma placa foi lida em dois lugares em "
        "menos tempo do que um veículo precisa",
        ": {kilometers} km": ": {kilometers} km",
        " at {speed_km_h} km/h": " a {speed_km_h} km/h",
        "A vehicle travels with one that is watched": "Um veículo acompanha outro que está em observação",
        ": together at {meetings} cameras": ": juntos em {meetings} câmeras",
        "A plate of a list was read": "Foi lida uma placa que consta de uma lista",
        ": entry {entry}": ": registro {entry}",
        "; list entry {entry}": "; registro {entry} da lista",
        "; {time} after {subject}": "; {time} depois de {subject}",
        ", from {subject}": ", a partir de {subject}",
        "; its end was not seen": "; o fim não foi observado",
        "Incident acknowledged: {rule}": "Ocorrência assumida: {rule}",
        "Incident escalated: {rule}": "Ocorrência encaminhada: {rule}",
        "Incident closed: {rule}": "Ocorrência encerrada: {rule}",
        "Incident closed as a false alarm: {rule}": "Ocorrência encerrada como alarme falso: {rule}",
        "Incident closed as a duplicate: {rule}": "Ocorrência encerrada como duplicata: {rule}",
        "Incident closed as a test: {rule}": "Ocorrência encerrada como teste: {rule}",
        "; {grouped} further observations": "; outras {grouped} observações",
        ", at {cameras} cameras": ", em {cameras} câmeras",
        "Still: {sentence}": "Continua: {sentence}",
        "Ended: {sentence}": "Terminou: {sentence}",
        "An object": "Um objeto",
        "A person": "Uma pessoa",
        "A bicycle": "Uma bicicleta",
        "A car": "Um carro",
        "A motorcycle": "Uma motocicleta",
        "A bus": "Um ônibus",
        "A truck": "Um caminhão",
        _WHERE: _WHERE,
        _SHORT: _SHORT,
        _LONG: _LONG,
    },
    {},
)
SENTENCES: Final = frozenset(
    {clause.text for clauses in _SENTENCES.values() for clause in clauses}
    | {
        _GROUPED.text,
        _CAMERAS.text,
        _UNWATCHED.text,
        *_STEPS.values(),
        *_PHASES.values(),
        *_WHO.values(),
        _WHERE,
        _SHORT,
        _LONG,
    }
)
"""Every English text; a test compares them with the Portuguese ones."""
PORTUGUESE_SENTENCES: Final = frozenset(_PORTUGUESE.texts)
_LONG_S: Final = 120


def alert_sentence(alert: AlertEvent, locale: Locale | None = None) -> str:
    """What an alert says, in one sentence without a full stop.

    Args:
        alert: of any rule; of those that have no sentence of their own, the detail.
        locale: Portuguese for Brazil, English for none.
    """
    language = _PORTUGUESE if locale is Locale.PT_BR else ENGLISH
    if step := _STEPS.get((alert.phase, alert.detail)):
        return language.text(step, rule=rule_name(alert.rule, locale))
    clauses = _SENTENCES.get(alert.rule)
    if clauses is None:
        return alert.detail
    figures = decode_figures(alert.figures)
    values = {figure.value: _shown(value, language) for figure, value in figures.items()}
    values["subject"] = alert.subject
    values["who"] = language.text(_WHO.get(alert.label, _WHO[""]))
    values["where"] = language.text(_WHERE, subject=alert.subject) if alert.subject else ""
    values["time"] = _duration(figures.get(Figure.SECONDS, 0.0), language)
    said = [clause for clause in (*clauses, _GROUPED, _CAMERAS, _UNWATCHED) if figures.keys() >= set(clause.needs)]
    sentence = "".join(language.text(clause.text, **values) for clause in said)
    return language.text(_PHASES[alert.phase], sentence=sentence) if alert.phase in _PHASES else sentence


def _shown(value: float, language: Language) -> str:
    return str(round(value)) if value == round(value) else language.number(value, 1)


def _duration(seconds: float, language: Language) -> str:
    if seconds < _LONG_S:
        return language.text(_SHORT, number=round(seconds))
    return language.text(_LONG, number=round(seconds / 60))
