"""Selection of what to erase: among events, among rows of a table, and among bytes that are no event any more."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from pipeline.domain.event_compatibility import read_event
from pipeline.domain.events import AlertEvent, Event, HealthEvent, MinuteEvent, PlateReadEvent, TrackEvent
from pipeline.domain.hold import Hold
from pipeline.domain.plate import check_plate, plate_forms, plate_key
from pipeline.domain.times import MINUTE_MS
from pipeline.errors import StoreError
from pipeline.store.backends.database import CONFIDENTIAL, bind
from pipeline.store.schema.tables import ALERTS, HEALTH, OF_MINUTES, PLATE_READS, TRACKS, Table

TrackKey: TypeAlias = tuple[str, str, int]
"""camera_id, stream_id, track_id."""

_COUNT_MS: Final = MINUTE_MS
_END_S: Final = 2**32 - 1
_MAX: Final = 2**63 - 1
_KEYS_PER_STATEMENT: Final = 500
"""Track keys in one statement: some tens of kilobytes of the 256 that servers accept."""
_WORDS: Final = {ALERTS.name: "concat(subject, ' ', detail)", HEALTH.name: "detail"}
_AS_READ: Final = "upper(replaceRegexpAll(plate, '[^A-Za-z0-9]', ''))"
SHORTEST_IN_TEXT: Final = 5
"""Least characters of a plate that is searched for in running text; shorter ones are words and numbers."""


@dataclass(frozen=True, slots=True)
class PlateQuery:
    """Rows that may name a plate, found by a query that does not.

    Attributes:
        words: SQL expression of the text that decides, by `Selection.names_plate`; ``''`` where all rows are wanted.
        condition: SQL condition of the rows; confidential: see `EventDatabase.rows`.
    """

    words: str
    condition: str
    confidential: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """One vehicle, one place and time, or one vehicle there and then.

    - With a plate: its reads in both forms, the tracks that carried them (they show where the vehicle went) with the
      alerts about them, and alerts and states of cameras whose words name it. Counts name no vehicle.
    - With cameras and times only: everything of those cameras that has to do with that time. A read or track does when
      it was in view during any of it, a count when its minute was.

    Attributes:
        key: the plate's key; "" for any vehicle.
        camera_ids: places; empty for all.
        start_ms, end_ms: milliseconds since 1970 UTC, start included, end not; None for open.
        held: holds, which nothing of the selection reaches.
    """

    key: str = ""
    camera_ids: tuple[str, ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    held: tuple[Hold, ...] = ()

    @classmethod
    def of(cls, plate: str | None, camera_ids: Sequence[str], start_ms: int | None, end_ms: int | None) -> Selection:
        """What a person asks for.

        Args:
            plate: in any writing; None for any vehicle.
            camera_ids, start_ms, end_ms: see `Selection`.

        Raises:
            StoreError: it is no plate, or so little was said that it would be nearly everything.
        """
        key = "" if plate is None else plate_key(check_plate(plate))
        if not key and (not camera_ids or start_ms is None or end_ms is None):
            raise StoreError(
                "erase",
                "needs a plate, or a camera and from when to when",
                "Write --plate ABC1D23, or --camera ID --from TIME --to TIME, or all of these.",
            )
        return cls(key, tuple(dict.fromkeys(camera_ids)), start_ms, end_ms)

    def wants(self, event: Event, tracks: Collection[TrackKey]) -> bool:
        """Whether an event is to go, when the wanted plate was read on `tracks`."""
        if not self.key:
            return self.there_and_then(event)
        if isinstance(event, TrackEvent | AlertEvent) and track_key(event) in tracks:
            return not self.is_held(event)
        return self._names_the_plate(event) and self.there_and_then(event)

    def track_of(self, event: Event) -> TrackKey | None:
        """The track that a wanted read of the plate was made on; None for every other event."""
        if self.key and isinstance(event, PlateReadEvent) and self.wants(event, ()):
            return event.camera_id, event.stream_id, event.track_id
        return None

    def wants_bytes(self, data: bytes, tracks: Collection[TrackKey]) -> bool:
        """The same of an event's JSON. Bytes that are no event go when they hold the plate, or a camera's id."""
        event = event_in(data)
        if event is not None:
            return self.wants(event, tracks)
        text = data.decode("utf-8", "replace")
        if self.key:
            return any(form in text for form in plate_forms(self.key)) or self.names_plate(text)
        return any(camera_id in text for camera_id in self.camera_ids)

    def conditions(self, table: Table, tracks: Sequence[TrackKey]) -> list[str]:
        """SQL conditions that name no plate; a row is to go when one of them holds.

        Empty where rows are found by the plate, see `plate_query`, and where the table holds nothing of the kind.
        """
        if not self.key:
            return [" AND ".join(self._scope(table))]
        if table in (TRACKS, ALERTS):
            groups = (tracks[n : n + _KEYS_PER_STATEMENT] for n in range(0, len(tracks), _KEYS_PER_STATEMENT))
            return [" AND ".join([_on_tracks(group), *self._unheld(table)]) for group in groups]
        return []

    def plate_query(self, table: Table) -> PlateQuery | None:
        """The query for rows that may name the wanted plate; None without a plate, and where the table names none."""
        if not self.key:
            return None
        if table is PLATE_READS:
            # By the plate, too: a row of an earlier version may have the key of another one.
            named = f"arrayExists(text -> text IN {CONFIDENTIAL}, [plate_key, {_AS_READ}])"
            return PlateQuery("''", " AND ".join([named, *self._scope(table)]), plate_forms(self.key))
        words = _WORDS.get(table.name)
        if words is None or len(self.key) < SHORTEST_IN_TEXT:
            return None
        shape = bind(f"match({words}, {{pattern}})", {"pattern": _pattern(self.key, _shape_of)})
        return PlateQuery(words, " AND ".join([shape, *self._scope(table)]))

    def _scope(self, table: Table) -> list[str]:
        """Place and time. `ts` leads to partitions that need not be read, `ts_ms` and `first_ts_ms` decide."""
        found = []
        if self.camera_ids:
            found.append(_one_of("camera_id", self.camera_ids))
        if self.start_ms is not None:
            last = self.start_ms - (_COUNT_MS - 1 if table in OF_MINUTES else 0)
            found.append(bind("ts >= toDateTime({s}, 'UTC') AND ts_ms >= {ms}", _moment(last)))
        if self.end_ms is not None:
            if "first_ts_ms" in table.columns:
                began = "if(first_ts_ms = 0, ts_ms, first_ts_ms)" if table is ALERTS else "first_ts_ms"
                found.append(bind(f"{began} < {{ms}}", _moment(self.end_ms)))
            else:
                found.append(bind("ts <= toDateTime({s}, 'UTC') AND ts_ms < {ms}", _moment(self.end_ms)))
        return found + self._unheld(table)

    def _unheld(self, table: Table) -> list[str]:
        held = held_rows(table, self.held)
        return [f"NOT ({held})"] if held else []

    def under(self, hold: Hold) -> Selection | None:
        """The part of it that a hold preserves; None where it preserves none."""
        if not self.overlaps((hold.camera_id,), hold.begin_ms, hold.end_ms):
            return None
        start_ms = hold.begin_ms if self.start_ms is None else max(self.start_ms, hold.begin_ms)
        end_ms = hold.end_ms if self.end_ms is None else min(self.end_ms, hold.end_ms)
        return Selection(self.key, (hold.camera_id,), start_ms, end_ms)

    def is_held(self, event: Event) -> bool:
        """Whether a hold preserves an event."""
        return any(Selection._of_hold(hold).there_and_then(event) for hold in self.held)

    @staticmethod
    def _of_hold(hold: Hold) -> Selection:
        return Selection("", (hold.camera_id,), hold.begin_ms, hold.end_ms)

    def there_and_then(self, event: Event) -> bool:
        """Whether an event has to do with the place and time, whatever vehicle it is about."""
        if (self.camera_ids and event.camera_id not in self.camera_ids) or self.is_held(event):
            return False
        first_ms = _began_ms(event)
        last_ms = event.ts_ms + (_COUNT_MS - 1 if isinstance(event, MinuteEvent) else 0)
        return (self.start_ms is None or last_ms >= self.start_ms) and (self.end_ms is None or first_ms < self.end_ms)

    def overlaps(self, camera_ids: Sequence[str], start_ms: int | None, end_ms: int | None) -> bool:
        """Whether its place and time have a part of others; no cameras are all, None is open."""
        there = not self.camera_ids or not camera_ids or not set(self.camera_ids).isdisjoint(camera_ids)
        begins = self.start_ms is None or end_ms is None or self.start_ms < end_ms
        return there and begins and (self.end_ms is None or start_ms is None or start_ms < self.end_ms)

    def _names_the_plate(self, event: Event) -> bool:
        if isinstance(event, PlateReadEvent):
            return self.key in {event.plate_key, plate_key(event.plate)}
        if isinstance(event, AlertEvent):
            return self.names_plate(f"{event.subject} {event.detail}")
        return isinstance(event, HealthEvent) and self.names_plate(event.detail)

    def names_plate(self, text: str) -> bool:
        """Whether a text for people names the wanted plate, or is a pattern that searches for it."""
        if len(self.key) < SHORTEST_IN_TEXT:
            return False
        pattern = _pattern(self.key, _letter)
        return pattern in text or re.search(pattern, text) is not None


def _began_ms(event: Event) -> int:
    if isinstance(event, AlertEvent):
        return event.began_ms
    return event.first_ts_ms if isinstance(event, PlateReadEvent | TrackEvent) else event.ts_ms


def track_key(event: TrackEvent | AlertEvent) -> TrackKey:
    """The track that an event is about; the number of an alert about none is 0, which no track has."""
    return event.camera_id, event.stream_id, event.track_id


def held_rows(table: Table, holds: Collection[Hold]) -> str:
    """SQL condition of the rows of a table that holds preserve; "" without holds."""
    conditions = (Selection._of_hold(hold).conditions(table, ())[0] for hold in holds)
    return " OR ".join(f"({condition})" for condition in conditions)


def event_in(data: bytes) -> Event | None:
    """The event that these bytes are, None when they are none."""
    try:
        return read_event(data).event
    except (ValueError, msgspec.MsgspecError):
        return None


def _pattern(key: str, character: Callable[[str], str]) -> str:
    """A pattern, the same for Python and ClickHouse, of a plate in words.

    It finds ``abc-1234`` and ``abc - 1 2 3 4``, and nothing in ``XABC12345``.
    """
    forms = sorted({"[^A-Za-z0-9]*".join(map(character, form)) for form in plate_forms(key)})
    return f"(^|[^A-Za-z0-9])({'|'.join(forms)})($|[^A-Za-z0-9])"


def _letter(character: str) -> str:
    return f"[{character}{character.lower()}]"


def _shape_of(character: str) -> str:
    """All that a statement says of a plate: where it has letters, where digits."""
    return "[0-9]" if character.isdigit() else "[A-Za-z]"


def _on_tracks(keys: Sequence[TrackKey]) -> str:
    # The camera by itself as well: tables are sorted by it, so that most of one is not read.
    tuples = ", ".join(bind("({camera}, {stream}, {track})", dict(zip(_KEY_PARTS, key, strict=True))) for key in keys)
    cameras = _one_of("camera_id", sorted({camera_id for camera_id, _, _ in keys}))
    return f"{cameras} AND (camera_id, stream_id, track_id) IN ({tuples})"


_KEY_PARTS: Final = ("camera", "stream", "track")


def _one_of(column: str, values: Sequence[str]) -> str:
    return f"({' OR '.join(bind(f'{column} = {{value}}', {'value': value}) for value in values)})"


def _moment(ms: int) -> dict[str, object]:
    return {"s": max(0, min(ms // 1000, _END_S)), "ms": max(-_MAX, min(ms, _MAX))}
