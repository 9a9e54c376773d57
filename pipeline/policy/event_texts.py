"""Texts of events: enumerations, ids and words of a fixed vocabulary, so that no text can describe a person.

A free text could hold what no event may: a creed, a name, a plate (LGPD art. 5 II, decree 18.743/2014 art. 12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from pipeline.domain.events import (
    AlertEvent,
    AlertRule,
    BaseEvent,
    CountEvent,
    Event,
    HealthEvent,
    PlateReadEvent,
    TrackEvent,
)
from pipeline.domain.labels import PLATED_VEHICLES, VEHICLES, Label
from pipeline.domain.ports import SourceState
from pipeline.policy.detail_words import DETAIL_WORDS

_TRAFFIC: Final = frozenset(label.word for label in VEHICLES | {Label.PERSON})
ENUMERATED: Final[Mapping[type[BaseEvent], tuple[str, frozenset[str]]]] = {
    PlateReadEvent: ("vehicle", frozenset(label.word for label in PLATED_VEHICLES) | {""}),
    TrackEvent: ("label", _TRAFFIC),
    CountEvent: ("label", _TRAFFIC),
    AlertEvent: ("rule", frozenset(rule.value for rule in AlertRule)),
    HealthEvent: ("state", frozenset(state.value for state in SourceState) | {"overloaded"}),
}
"""The field of each event type that names a class, a rule or a state, and its allowed values."""

LONGEST_DETAIL: Final = 500
"""Characters."""
_STREAM_ID: Final = re.compile(r"[0-9]{0,20}|[0-9a-f]{24}|[0-9a-f]{1,6}", re.ASCII)
"""Milliseconds or a digest of content; else too short for a plate."""
_SUBJECT: Final = re.compile(r"[A-Za-z0-9._/-]{0,128}", re.ASCII)
_PLATE: Final = re.compile(r"[a-z]{3}[0-9][a-z0-9][0-9]{2}", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"[\W_]+")
_TOKEN: Final = re.compile(r"[^\W_]+")
_LONGEST_NUMBER: Final = 10
_OTHER_SIGNS: Final = re.compile(r"[^\w ,.;:'\"()\[\]<>=+*/%×–…@#&|?!\\-]")
_HIDDEN: Final = "…"
_SEVERAL_HIDDEN: Final = re.compile(r"…(?:[\s.…:/_@'\"-]*…)+")


def wrong_text(event: Event) -> str:
    """The field of an event whose text is none of those allowed; "" when all are."""
    name, allowed = ENUMERATED[type(event)]
    if getattr(event, name) not in allowed:
        return name
    if not _STREAM_ID.fullmatch(event.stream_id):
        return "stream_id"
    if isinstance(event, AlertEvent) and (not _SUBJECT.fullmatch(event.subject) or spells_plate(event.subject)):
        return "subject"
    return ""


def spells_plate(text: str) -> bool:
    """Whether a text has a plate in it, also one whose characters are separated: ``SQR/1A09``, ``S.Q.R.1.A.0.9``."""
    return _PLATE.search(_SEPARATOR.sub("", text)) is not None


def with_bounded_detail(event: Event) -> Event:
    """The event, its detail reduced to words of the vocabulary; the same object when nothing changes."""
    if not isinstance(event, AlertEvent | HealthEvent):
        return event
    detail = bounded_detail(event.detail, event.camera_id)
    return event if detail == event.detail else msgspec.structs.replace(event, detail=detail)


def bounded_detail(detail: str, camera_id: str = "") -> str:
    """A detail in which everything but known words, numbers and the camera's own id is replaced by ``…``.

    Args:
        detail: of an alert or of a camera's state.
        camera_id: of the event.
    """
    own = re.compile(rf"(?<![\w.-]){re.escape(camera_id)}(?![\w-])") if camera_id else None
    parts = own.split(detail[: 4 * LONGEST_DETAIL]) if own is not None else [detail[: 4 * LONGEST_DETAIL]]
    text = camera_id.join(_TOKEN.sub(_word, _OTHER_SIGNS.sub(" ", part)) for part in parts)
    return _SEVERAL_HIDDEN.sub(_HIDDEN, text)[:LONGEST_DETAIL]


def _word(match: re.Match[str]) -> str:
    word = match[0]
    if word.isascii() and word.isdigit():
        return word if len(word) <= _LONGEST_NUMBER else _HIDDEN
    return word if word.casefold() in DETAIL_WORDS else _HIDDEN
