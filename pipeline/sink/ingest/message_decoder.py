"""Decoder of Kafka messages: to events that may be stored, or to the reason why not.

No reason quotes a text of the message: reasons are logged and sent as headers, and a text may be a plate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from pipeline.domain.event_compatibility import UnknownFields, read_event, why_unreadable
from pipeline.domain.event_identity import is_own_id
from pipeline.domain.event_writer import EventRecord
from pipeline.domain.events import ENGINE_ID, Event, Kind, encode, kind_of
from pipeline.domain.times import DAY_MS
from pipeline.policy.gate import WRONG_ID, Gate, Refusal, RefusalRule
from pipeline.sink.ingest.message_fields import has_name_twice, text_of, try_fields_of
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.kafka.messages import Received

_PLATE_FIELDS: Final = frozenset({"plate", "plate_key"})
_MOST_SHOWN: Final = 999_999
"""Of a time that is wrong: a greater number could be anything, such as a person's."""
_OTHER_KINDS: Final = frozenset(Kind) - {Kind.PLATE_READ}


class BadMessage(Exception):
    """A message that is not stored.

    Args:
        reason: why, in one clause without a text of the message.
        rule: the rule of policy that it breaks; None when it is malformed.
        camera_id: of the event, where that is a registered or known camera, or the program itself.
        event: the event, where the policy gate admits it, its texts bounded: it may be copied.
    """

    def __init__(
        self, reason: str, rule: RefusalRule | None = None, camera_id: str = "", event: Event | None = None
    ) -> None:
        super().__init__(reason)
        self.event = event
        self.reason = reason
        self.rule = rule
        self.camera_id = camera_id


class MessageDecoder:
    """Decodes the messages of our topics.

    Args:
        kinds: the kind of event that belongs into each topic.
        settings: limits of size and time.
        gate: knows the registered cameras.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(
        self, kinds: Mapping[str, Kind], settings: IngestSettings, gate: Gate, clock_ms: Callable[[], int]
    ) -> None:
        self._kinds = kinds
        self._settings = settings
        self._gate = gate
        self._clock_ms = clock_ms
        self.newer = 0
        """Events of a newer program version that were read without the fields unknown here."""

    def decode(self, message: Received) -> EventRecord:
        """The event in a message.

        Raises:
            BadMessage: there is none that may be stored.
        """
        try:
            record, canonical = self._read(message)
        except BadMessage as bad:
            raise self._of_camera(bad, message.value) from bad
        event = record.event
        # First: a forbidden read is treated as one, whatever else is wrong with it.
        admitted = self._gate.admit(event)
        if isinstance(admitted, Refusal):
            known = admitted.rule is not RefusalRule.CAMERA
            raise BadMessage(admitted.reason, admitted.rule, event.camera_id if known else "", admitted.event)
        kind, wanted = kind_of(event), self._kinds[message.topic]
        wrong = f"it is a {kind.value}, in the topic of {wanted.value}" if kind is not wanted else ""
        if not is_own_id(event.event_id, canonical):
            raise BadMessage(WRONG_ID.reason, WRONG_ID.rule, event.camera_id)
        if wrong := wrong or self._wrong_time(event):
            raise BadMessage(wrong, camera_id=event.camera_id, event=admitted)
        return record if admitted is event else EventRecord(admitted, encode(admitted))

    def _read(self, message: Received) -> tuple[EventRecord, bytes]:
        """The event as it is stored, and the JSON that its id is made of."""
        if message.value is None:
            raise BadMessage("it has no value (a tombstone)")
        if len(message.value) > self._settings.largest_bytes:
            raise BadMessage(f"it has {len(message.value)} bytes, more than {self._settings.largest_bytes}")
        try:
            event, ignored = read_event(message.value)
        except (ValueError, msgspec.MsgspecError) as error:
            rule = RefusalRule.FIELD if isinstance(error, UnknownFields) else None
            raise BadMessage(why_unreadable(error), rule) from error
        # Messages of our engines are encoded like this; others are searched.
        own = encode(event)
        if own != message.value and has_name_twice(message.value):
            raise BadMessage("it has a field twice")
        if ignored:
            self.newer += 1
            return EventRecord(event, own), message.value
        return EventRecord(event, message.value), own

    def _of_camera(self, bad: BadMessage, value: bytes | None) -> BadMessage:
        """What is wrong with a message that cannot be read, by the camera that it names.

        It is treated as a forbidden plate read where it may be one, or names no declared camera.
        """
        fields = try_fields_of(value)
        camera_id = text_of(fields, "camera_id") if fields else None
        if not fields or camera_id is None:
            return bad
        if camera_id != ENGINE_ID and not self._gate.knows(camera_id):
            return BadMessage("its camera is not declared in the configuration", RefusalRule.CAMERA)
        why = self._gate.why_no_plates(camera_id)
        if not why or (text_of(fields, "kind") in _OTHER_KINDS and not fields.keys() & _PLATE_FIELDS):
            return BadMessage(bad.reason, bad.rule, camera_id)
        return BadMessage(why, RefusalRule.PLATES, camera_id)

    def _wrong_time(self, event: Event) -> str:
        """Why an event may not have its time; "" if it may."""
        now_ms = self._clock_ms()
        if event.ts_ms > now_ms + self._settings.max_clock_lead_s * 1000:
            return f"its time is {min((event.ts_ms - now_ms) / 1000, _MOST_SHOWN):.0f} s in the future"
        if event.ts_ms < now_ms - self._settings.oldest_days * DAY_MS:
            return f"its time is {(now_ms - event.ts_ms) / DAY_MS:.0f} days back"
        return ""
