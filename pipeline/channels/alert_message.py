"""An alert as channels send it: id, title, sentence and fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import msgspec

from pipeline.domain.alert_names import rule_name, severity_name
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.event_writer import EventRecord
from pipeline.domain.events import ENGINE_ID, AlertEvent, IncidentPhase
from pipeline.domain.locale import Locale
from pipeline.domain.times import format_time


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """An alert with what people read of it.

    Attributes:
        alert: the event; payload: its JSON, as accepted.
        title: one line for people; text: with sentence, time and severity.
    """

    alert: AlertEvent
    payload: bytes
    title: str
    text: str

    @property
    def message_id(self) -> str:
        """The same at every attempt: by it a receiver drops doubles."""
        return str(self.alert.event_id)

    @property
    def incident(self) -> str:
        """The incident that the alert belongs to; its own id where it is no part of one."""
        return self.alert.incident or self.message_id

    @property
    def ended(self) -> bool:
        """Whether the condition is over."""
        return self.alert.phase is IncidentPhase.ENDED

    def fields(self) -> dict[str, Any]:
        """The event's fields, for JSON."""
        fields: dict[str, Any] = msgspec.json.decode(self.payload)
        return fields


def message_of(alert: AlertEvent, payload: bytes, locale: Locale | None, zone: tzinfo | None) -> AlertMessage:
    """An alert in the words of a channel's language.

    Args:
        alert: the event; payload: its JSON.
        locale: None for English; zone: of the time, None for the machine's.
    """
    where = "viapublica" if alert.camera_id == ENGINE_ID else alert.camera_id
    name = rule_name(alert.rule, locale)
    facts = f"{where} · {format_time(alert.ts_ms, zone)} · {severity_name(alert.severity, locale)}"
    sentence = alert_sentence(alert, locale)
    return AlertMessage(alert, payload, f"{where}: {name}", "\n".join(filter(None, [name, sentence, facts])))


def record_message(record: EventRecord, locale: Locale | None, zone: tzinfo | None) -> AlertMessage | None:
    """The same for a record of a spool; None where it is no alert."""
    alert = record.event
    return message_of(alert, record.payload, locale, zone) if isinstance(alert, AlertEvent) else None
