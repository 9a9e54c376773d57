"""Decoder of Kafka messages: to events that may be stored, or to the reason why not.

No reason quotes a text of the message: reasons are logged and sent as headers, and a text may be a plate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from pipeline.domain.event_compatibility import UnknownFields, read_event
from pipeline.domain.event_writer import EventRecord
from pipeline.domain.events import ENGINE_ID, Event, Kind, PlateReadEvent, encode, kind_of
from pipeline.domain.plate import plate_key
from pipeline.policy.gate import Gate, Refusal, RefusalRule
from pipeline.sink.ingest.message_fields import has_name_twice, text_of, try_fields_of
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.kafka.messages import Received

_DAY_MS: Final = 86_400_000
_LONGEST_REASON: Final = 300
_PLATE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z .-]{0,15}")
_QUOTED: Final = re.compile(r"'.*'", re.DOTALL)
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `.*`", re.DOTALL)
_PLATE_FIELDS: Final = frozenset({"plate", "plate_key"})
_NOT_NEGATIVE: Final = ("track_id", "frame", "frames", "votes", "count")
_OTHER_KINDS: Final = frozenset(Kind) - {Kind.PLATE_READ}


class BadMessage(Exception):
    """A message that is not stored.

    Args:
        reason: why, in one clause without a text of the message.
        rule: the rule of policy that it breaks; None when it is malformed.
        camera_id: of the event, where the rule is about a registered camera.
    """

    def __init__(self, reason: str, rule: RefusalRule | None = None, camera_id: str = "") -> None:
        super().__init__(reason)
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
            record = self._read(message)
        except BadMessage as bad:
            if forbidden := self._forbidden_read(message.value):
                raise forbidden from bad
            raise
        event = record.event
        # First: a forbidden read is treated as one, whatever else is wrong with it.
        admitted = self._gate.admit(event)
        if isinstance(admitted, Refusal):
            known = admitted.rule is not RefusalRule.CAMERA
            raise BadMessage(admitted.reason, admitted.rule, event.camera_id if known else "")
        kind, wanted = kind_of(event), self._kinds[message.topic]
        if kind is not wanted:
            raise BadMessage(f"it is a {kind.value}, in the topic of {wanted.value}")
        self._check_time(event)
        _check_plausible(event)
        return record if admitted is event else EventRecord(admitted, encode(admitted))

    def _read(self, message: Received) -> EventRecord:
        if message.value is None:
            raise BadMessage("it has no value (a tombstone)")
        if len(message.value) > self._settings.largest_bytes:
            raise BadMessage(f"it has {len(message.value)} bytes, more than {self._settings.largest_bytes}")
        try:
            event, ignored = read_event(message.value)
        except UnknownFields as error:
            raise BadMessage(str(error)[:_LONGEST_REASON], RefusalRule.FIELD) from error
        except msgspec.MsgspecError as error:
            said = _UNKNOWN_FIELD.sub("unknown field", _QUOTED.sub("…", str(error)))
            raise BadMessage(f"it is not an event that this program knows: {said}"[:_LONGEST_REASON]) from error
        except UnicodeDecodeError as error:
            raise BadMessage("it is not an event that this program knows: it is not UTF-8") from error
        except ValueError as error:
            raise BadMessage(str(error)[:_LONGEST_REASON]) from error
        # Messages of our engines are encoded like this; others are searched.
        own = encode(event)
        if own != message.value and has_name_twice(message.value):
            raise BadMessage("it has a field twice")
        if ignored:
            self.newer += 1
            return EventRecord(event, own)
        return EventRecord(event, message.value)

    def _forbidden_read(self, value: bytes | None) -> BadMessage | None:
        """The refusal of what may be a plate read that its camera may not make, or names no declared one."""
        fields = try_fields_of(value)
        camera_id = text_of(fields, "camera_id") if fields else None
        if not fields or camera_id is None:
            return None
        if camera_id != ENGINE_ID and not self._gate.knows(camera_id):
            return BadMessage("its camera is not declared in the configuration", RefusalRule.CAMERA)
        why = self._gate.why_no_plates(camera_id)
        if not why or (text_of(fields, "kind") in _OTHER_KINDS and not fields.keys() & _PLATE_FIELDS):
            return None
        return BadMessage(why, RefusalRule.PLATES, camera_id)

    def _check_time(self, event: Event) -> None:
        now_ms = self._clock_ms()
        if event.ts_ms > now_ms + self._settings.max_clock_lead_s * 1000:
            raise BadMessage(f"its time is {(event.ts_ms - now_ms) / 1000:.0f} s in the future")
        if event.ts_ms < now_ms - self._settings.oldest_days * _DAY_MS:
            raise BadMessage(f"its time is {(now_ms - event.ts_ms) / _DAY_MS:.0f} days back")


def _check_plausible(event: Event) -> None:
    """Properties that all events of our engines have, and that search and erasure rely on.

    Raises:
        BadMessage: the event does not have them.
    """
    if event.schema_version < 1:
        raise BadMessage(f"it has schema version {event.schema_version}")
    if negative := next((name for name in _NOT_NEGATIVE if getattr(event, name, 0) < 0), ""):
        raise BadMessage(f"its {negative} is negative")
    first_ms = getattr(event, "first_ts_ms", event.ts_ms)
    if not 0 <= first_ms <= event.ts_ms:
        raise BadMessage(f"its first_ts_ms, {first_ms}, is not between 1970 and its ts_ms, {event.ts_ms}")
    if isinstance(event, PlateReadEvent):
        if not _PLATE.fullmatch(event.plate):
            raise BadMessage("its plate is empty, too long, or has characters that no plate has")
        if plate_key(event.plate) != event.plate_key:
            raise BadMessage("its plate_key is not the key of its plate")
