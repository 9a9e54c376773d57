"""Messages to events, or to the reason why not."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pipeline.domain.events import SCHEMA_VERSION, Event, Kind, PlateReadEvent, decode, kind_of
from pipeline.domain.plate import plate_key
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.kafka.messages import Received

_DAY_MS = 86_400_000
_LONGEST_REASON = 300
_LONGEST_ID = 256


class Poison(Exception):
    """A message that no table will ever take; says why."""


class _Head(msgspec.Struct):
    kind: str = ""
    schema_version: int = 0


def event_of(message: Received, kinds: Mapping[str, Kind], settings: IngestSettings, now_ms: int) -> Event:
    """The event in a message.

    Args:
        message: from the brokers.
        kinds: which kind lies in which topic.
        settings: what is too large, too old, too far ahead.
        now_ms: milliseconds since 1970 UTC.

    Raises:
        Poison: it is none that can be stored.
    """
    if message.value is None:
        raise Poison("it has no value (a deletion mark)")
    if len(message.value) > settings.largest_bytes:
        raise Poison(f"it has {len(message.value)} bytes, more than {settings.largest_bytes}")
    try:
        event = decode(message.value)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Poison(_why(message.value, error)) from error
    if event.schema_version > SCHEMA_VERSION:
        raise Poison(_newer(event.schema_version))
    kind = kind_of(event)
    if kind is not kinds[message.topic]:
        raise Poison(f"it is a {kind.value}, in the topic of {kinds[message.topic].value}")
    if event.ts_ms > now_ms + settings.ahead_s * 1000:
        raise Poison(f"its time lies {(event.ts_ms - now_ms) / 1000:.0f} s in the future")
    if event.ts_ms < now_ms - settings.oldest_days * _DAY_MS:
        raise Poison(f"its time lies {(now_ms - event.ts_ms) / _DAY_MS:.0f} days back")
    _check_plausible(event)
    return event


def _check_plausible(event: Event) -> None:
    """What our own engines always keep to, and search and erasure rely on.

    Raises:
        Poison: it does not.
    """
    if event.schema_version < 1:
        raise Poison(f"it has schema version {event.schema_version}")
    if not 0 < len(event.camera_id) <= _LONGEST_ID:
        raise Poison(f"its camera_id has {len(event.camera_id)} characters, not 1 to {_LONGEST_ID}")
    first_ms = getattr(event, "first_ts_ms", event.ts_ms)
    if not 0 <= first_ms <= event.ts_ms:
        raise Poison(f"its first_ts_ms, {first_ms}, is not between 1970 and its ts_ms, {event.ts_ms}")
    if isinstance(event, PlateReadEvent) and (not event.plate_key or plate_key(event.plate) != event.plate_key):
        raise Poison(
            f"its plate_key is {event.plate_key!r}; that of plate {event.plate!r} is {plate_key(event.plate)!r}"
        )


def _why(value: bytes, error: Exception) -> str:
    try:
        head = msgspec.json.decode(value, type=_Head)
    except (msgspec.MsgspecError, ValueError):
        return f"it is not an event: {error}"[:_LONGEST_REASON]
    if head.schema_version > SCHEMA_VERSION:
        return _newer(head.schema_version)
    return f"it is not an event that this program knows: {error}"[:_LONGEST_REASON]


def _newer(version: int) -> str:
    return f"it has schema version {version}, this program knows up to {SCHEMA_VERSION}: update it, then replay"
