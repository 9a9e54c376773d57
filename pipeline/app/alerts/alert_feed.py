"""The stream of new alerts for a person with an account: decided on again and again, resumed after an interruption."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pipeline.app.alerts.alert_reader import LATE_MS, AlertReader
from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.app.questions import Events
from pipeline.domain.alert_names import ABOUT_PLATES
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.domain.events import AlertEvent, Event, Kind
from pipeline.domain.incident import incident_id
from pipeline.domain.locale import Locale
from pipeline.domain.ports import Clock
from pipeline.domain.times import DAY_MS

_LONGEST_GAP_MS: Final = DAY_MS
"""An interruption that is made up for."""
_IN_ONE_ROUND: Final = 1000
_EVENT_ID: Final = re.compile(r"([0-9]{1,15})-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class FedAlert:
    """An alert of the stream.

    Attributes:
        event_id: by which a client resumes, and drops doubles; fields: of the event, with incident and sentence.
    """

    event_id: str
    fields: dict[str, Any]


class AlertFeed:
    """New alerts of the cameras that a person may ask about, oldest first, each at least once; without those of plates.

    Args:
        questions: of the person; each round decides again.
        reader: has the new alerts of all cameras, and is followed as long as the feed is asked.
        clock: of the begin.
        last_event_id: id of the last alert that the client got, whose successors the store is asked for; "" for those
            from now on.
        locale: of the sentences; None for English.
    """

    def __init__(
        self,
        questions: PermittedQuestions,
        reader: AlertReader,
        clock: Clock,
        last_event_id: str = "",
        locale: Locale | None = None,
    ) -> None:
        self._questions = questions
        self._reader = reader
        self._locale = locale
        self._position = reader.position
        self._cameras: frozenset[str] = frozenset()
        self._seen: set[uuid.UUID] = set()
        self._from_ms: int | None = None
        self._now_ms = clock.wall_ms()
        if found := _EVENT_ID.fullmatch(last_event_id):
            self._from_ms = min(self._now_ms, max(int(found[1]) - LATE_MS, self._now_ms - _LONGEST_GAP_MS))
            self._seen.add(uuid.UUID(found[2]))

    @property
    def has_news(self) -> bool:
        """Whether there are alerts since the last call of `next`, of the cameras that were permitted then."""
        return self._reader.has_after(self._position, self._cameras)

    def next(self) -> list[FedAlert]:
        """Those that came since the last call; none for nothing new.

        Raises:
            PolicyError: the person may not any more.
            StoreError: the store cannot answer now.
            AuditUnavailable: the audit takes no record.
        """
        found: list[Event]
        if self._from_ms is not None:
            question = Events(kind=Kind.ALERT, start_ms=self._from_ms, limit=_IN_ONE_ROUND)
            found = self._questions.ask_again(question, self._new)[::-1]
            _, self._cameras = self._questions.pass_on(question, [])
            self._from_ms = None
            self._seen.update(one.event_id for one in found)
        else:
            read, position = self._reader.after(self._position)
            question = Events(kind=Kind.ALERT, start_ms=self._now_ms, limit=_IN_ONE_ROUND)
            found, self._cameras = self._questions.pass_on(question, self._new([*read]))
            self._position = position
        return list(self._fed(found))

    def _new(self, events: list[Event]) -> list[Event]:
        return [
            one for one in events if one.event_id not in self._seen and getattr(one, "rule", "") not in ABOUT_PLATES
        ]

    def _fed(self, alerts: list[Event]) -> Iterator[FedAlert]:
        for one in alerts:
            if isinstance(one, AlertEvent):
                fields = {**msgspec.to_builtins(one), "incident": incident_id(one)}
                yield FedAlert(f"{one.ts_ms}-{one.event_id}", {**fields, "text": alert_sentence(one, self._locale)})
