"""What can be asked of the event store, and the answers, whoever answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.errors import StoreError

MOST_ROWS: Final = 100_000
"""Most events in one answer; further ones by `offset`."""


class CameraSummary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the store knows of a camera.

    Attributes:
        camera_id: the camera.
        last_seen_ms: time of its newest event, milliseconds since 1970 UTC.
        events: number of events per kind.
        state: the last state it reported, "" when it reported none; detail: why.
        state_since_ms: when it took that state, None when it reported none.
    """

    camera_id: str
    last_seen_ms: int
    events: dict[Kind, int]
    state: str = ""
    detail: str = ""
    state_since_ms: int | None = None


class EventQueries(Protocol):
    """Questions to the event store. Times are milliseconds since 1970 UTC, start included, end not. Newest first.

    No event shows twice, however often it was delivered. All raise `StoreError`.
    """

    def plates(
        self,
        plate: str,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        camera_ids: Sequence[str] = (),
        like: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> list[PlateReadEvent]:
        """Reads of one vehicle, in both forms of a converted plate.

        Args:
            plate: the plate, in any writing; with `like` a pattern where ``*`` stands for any text and ``?`` for one
                character, compared with the plate as read and with its key.
            start_ms, end_ms: time range; None for open.
            camera_ids: only these cameras; all when empty.
            like: whether `plate` is a pattern.
            limit, offset: how many, after skipping how many.
        """
        ...

    def events(
        self,
        kind: Kind | None = None,
        *,
        camera_ids: Sequence[str] = (),
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Event]:
        """Events of one kind, or of all (None)."""
        ...

    def cameras(self) -> list[CameraSummary]:
        """Every camera with at least one event, by id."""
        ...

    def count(self, kind: Kind) -> int:
        """Number of different events of a kind."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


def check_page(limit: int, offset: int) -> None:
    """Refuse a page that makes no sense.

    Raises:
        StoreError: a negative number, or more than `MOST_ROWS` at once.
    """
    if not 0 <= limit <= MOST_ROWS:
        raise StoreError("limit", f"{limit} is not between 0 and {MOST_ROWS}", "Ask for pages with limit and offset.")
    if not 0 <= offset < 2**63:
        raise StoreError("offset", f"{offset} is not between 0 and 2^63")
