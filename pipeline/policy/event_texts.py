"""Texts of events: enumerations, ids and words of a fixed vocabulary, so that no text can describe a person.

A free text could hold what no event may: a creed, a name, a plate (LGPD art. 5 II, decree 18.743/2014 art. 12).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from itertools import count
from typing import Final

import msgspec

from pipeline.domain.alert_figures import FIGURES_LENGTH, are_figures
from pipeline.domain.event_identity import identified, sequence_of
from pipeline.domain.event_kinds import SPECS
from pipeline.domain.events import (
    EVIDENCE_IDS,
    FIGURES_TEXT,
    INCIDENT_ID,
    AlertEvent,
    AlertRule,
    BaseEvent,
    CountEvent,
    Event,
    HealthEvent,
    LineCountEvent,
    PlateReadEvent,
    TrackEvent,
    ZoneStateEvent,
)
from pipeline.domain.labels import PLATED_VEHICLES, VEHICLES, Label
from pipeline.domain.ports import SourceState
from pipeline.policy.detail_words import DETAIL_WORDS
from pipeline.policy.spelled_plates import spelling_words

_TRAFFIC: Final = frozenset(label.word for label in VEHICLES | {Label.PERSON})
ENUMERATED: Final[Mapping[type[BaseEvent], tuple[str, frozenset[str]]]] = {
    PlateReadEvent: ("vehicle", frozenset(label.word for label in PLATED_VEHICLES) | {""}),
    TrackEvent: ("label", _TRAFFIC),
    CountEvent: ("label", _TRAFFIC),
    LineCountEvent: ("label", _TRAFFIC),
    ZoneStateEvent: ("label", _TRAFFIC),
    AlertEvent: ("rule", frozenset(rule.value for rule in AlertRule)),
    HealthEvent: ("state", frozenset(state.value for state in SourceState) | {"overloaded"}),
}
"""The field of each event type that names a class, a rule or a state, and its allowed values."""

UNKNOWN_SUBJECT: Final = "other"
"""In place of a subject that is no known id."""
_OWN_SUBJECTS: Final = {spec.table for spec in SPECS.values()} | {"", UNKNOWN_SUBJECT}
"""Tables, for alerts about lost data, and "" for the camera itself."""

LONGEST_DETAIL: Final = 500
"""Characters."""
_STREAM_ID: Final = re.compile(r"[0-9]{0,20}|[0-9a-f]{24}|[0-9a-f]{1,6}", re.ASCII)
"""Milliseconds or a digest of content; else too short for a plate."""
_INCIDENT_TEXTS: Final = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {"incident": INCIDENT_ID, "evidence": EVIDENCE_IDS, "figures": FIGURES_TEXT}.items()
}
_LONGEST_EVIDENCE: Final = 16
_LABELS_OF_ALERTS: Final = _TRAFFIC | {""}
_TOKEN: Final = re.compile(r"[^\W_]+")
_LONGEST_NUMBER: Final = 10
_OTHER_SIGNS: Final = re.compile(r"[^\w ,.;:'\"()\[\]<>=+*/%×–…@#&|?!\\-]")
_HIDDEN: Final = "…"
_SEVERAL_HIDDEN: Final = re.compile(r"…(?:[\s.…:/_@'\"-]*…)+")


def wrong_text(event: Event) -> str:
    """The field of an event whose text is none of those allowed, so that it is refused; "" when all are."""
    name, allowed = ENUMERATED[type(event)]
    if getattr(event, name) not in allowed:
        return name
    if isinstance(event, AlertEvent) and (wrong := _wrong_texts_of_incident(event)):
        return wrong[0]
    return "" if _STREAM_ID.fullmatch(event.stream_id) else "stream_id"


def bounded_texts(event: Event, is_subject: Callable[[str], bool]) -> Event:
    """The event, its detail reduced to words of the vocabulary and its subject to known ones, with the id of that.

    Args:
        event: of any kind.
        is_subject: whether an alert may be about this; otherwise it is replaced by `UNKNOWN_SUBJECT`.

    Returns:
        The same object when nothing changes.
    """
    if not isinstance(event, AlertEvent | HealthEvent):
        return event
    changed: dict[str, str] = {}
    detail = bounded_detail(event.detail, event.camera_id)
    if detail != event.detail:
        changed["detail"] = detail
    if isinstance(event, AlertEvent):
        if event.subject not in _OWN_SUBJECTS and not is_subject(event.subject):
            changed["subject"] = UNKNOWN_SUBJECT
        changed |= dict.fromkeys(_wrong_texts_of_incident(event), "")
    if not changed:
        return event
    return identified(msgspec.structs.replace(event, **changed), sequence_of(event.event_id))


def _wrong_texts_of_incident(event: AlertEvent) -> list[str]:
    """Fields of an alert that are no label, id or list of figures; they are empty in alerts that have none."""
    wrong = [] if event.label in _LABELS_OF_ALERTS else ["label"]
    wrong += [name for name, form in _INCIDENT_TEXTS.items() if not form.fullmatch(getattr(event, name))]
    if "figures" not in wrong and not (are_figures(event.figures) and len(event.figures) <= FIGURES_LENGTH):
        wrong.append("figures")
    if "evidence" not in wrong and event.evidence.count(" ") >= _LONGEST_EVIDENCE:
        wrong.append("evidence")
    return wrong


def bounded_detail(detail: str, camera_id: str = "") -> str:
    """A detail in which everything but known words, numbers and the camera's own id is replaced by ``…``.

    Words and numbers that spell a plate are replaced too, see `pipeline.policy.spelled_plates`.

    Args:
        detail: of an alert or of a camera's state.
        camera_id: of the event.
    """
    own = re.compile(rf"(?<![\w.-]){re.escape(camera_id)}(?![\w-])") if camera_id else None
    parts = own.split(detail[: 4 * LONGEST_DETAIL]) if own is not None else [detail[: 4 * LONGEST_DETAIL]]
    # First with the words that are hidden anyway: a plate with one character hidden could still be guessed.
    cleaned = _without_plates([_OTHER_SIGNS.sub(" ", part) for part in parts])
    cleaned = _without_plates([_TOKEN.sub(_word, part) for part in cleaned])
    return _SEVERAL_HIDDEN.sub(_HIDDEN, camera_id.join(cleaned))[:LONGEST_DETAIL]


def _without_plates(parts: list[str]) -> list[str]:
    """The parts of a text, the words that spell a plate hidden."""
    while spelled := spelling_words([word for part in parts for word in _TOKEN.findall(part)]):
        parts = _hidden(parts, spelled)
    return parts


def _hidden(parts: Sequence[str], indexes: Container[int]) -> list[str]:
    """The parts of a text without the words of these indexes."""
    number = count()
    return [_TOKEN.sub(lambda word: _HIDDEN if next(number) in indexes else word[0], part) for part in parts]


def _word(match: re.Match[str]) -> str:
    word = match[0]
    if word.isascii() and word.isdigit():
        return word if len(word) <= _LONGEST_NUMBER else _HIDDEN
    return word if word.casefold() in DETAIL_WORDS else _HIDDEN
