"""An erasure from first look to proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pipeline.app.erasure.places import Place, not_covered, owned, places
from pipeline.domain.events import TrackEvent
from pipeline.errors import SinkError, StoreError
from pipeline.sink.settings import SinkSettings
from pipeline.sink.spool.remove_events import Wanted
from pipeline.store.backends.open_database import target_of
from pipeline.store.erasure_selection import Selection, TrackKey, event_in
from pipeline.store.retention import open_for_maintenance
from pipeline.store.row_erasure import TIMEOUT_S, Progress, StoredEvents
from pipeline.store.settings import ChdbSettings, ClickHouseSettings, StoreSettings

_OLD_FILES: Final = (
    "{target}: the server itself deletes the files of before, some minutes later (old_parts_lifetime, 480 s by default)"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one place holds of what is to be erased.

    Attributes:
        kind: ``table``, ``spool`` or ``file``.
        where: which store, sink or folder; name: which table, spool or file.
        events: how many there were before.
        left: how many there are after, counted again; None before.
    """

    kind: str
    where: str
    name: str
    events: int
    left: int | None = None


class Erasure:
    """Everything is open and locked; see `open_erasure`.

    Args:
        selection: what is to go.
        stores: event stores; elsewhere: spools and files.
        not_covered: what cannot be erased from here, in words.
    """

    def __init__(
        self, selection: Selection, stores: Sequence[StoredEvents], elsewhere: Sequence[Place], not_covered: list[str]
    ) -> None:
        self._selection = selection
        self._stores = stores
        self._elsewhere = elsewhere
        self.not_covered = not_covered
        self._tracks: list[TrackKey] | None = None

    def look(self) -> list[Finding]:
        """What would go, by place. Changes nothing.

        Raises:
            StoreError: a database failed.
            SinkError: a file cannot be read.
        """
        return [
            *(
                Finding("table", store.database.target, table, events)
                for store in self._stores
                for table, events in store.counts(self._selection, self._on()).items()
            ),
            *(
                Finding(place.kind, str(place.folder), place.name, self._sum(place, place.count, self._wanted()))
                for place in self._elsewhere
            ),
        ]

    def carry_out(self, progress: Progress = lambda _: None) -> list[Finding]:
        """Erase, and count again; what `look` found, with what is left, which is 0 everywhere.

        Stopped anywhere, even by a kill, it is carried on by doing it again: what says where more is goes last.

        Args:
            progress: is told what is being done.

        Raises:
            StoreError: a database failed, or something is left.
            SinkError: a file cannot be read or replaced.
        """
        before = self.look()
        # Reads tell which tracks the plate was on, wherever either of them lies: all tracks go before the first read.
        tracks = set(self._on())
        for place in self._elsewhere if self._selection.key else ():
            progress(f"{place.kind} {place.name}")
            self._sum(place, place.erase, lambda data: _track_in(data) in tracks)
        for store in self._stores:
            store.erase(self._selection, self._on(), progress)
        for place in self._elsewhere:
            progress(f"{place.kind} {place.name}")
            self._sum(place, place.erase, self._wanted())
        after = [replace(was, left=now.events) for was, now in zip(before, self.look(), strict=True)]
        left = [
            f"{finding.left} in {finding.kind} {finding.name} of {finding.where}" for finding in after if finding.left
        ]
        if left:
            raise StoreError(
                "erasure", f"not everything is gone: {', '.join(left)}", "Is another program writing? Erase again."
            )
        return after

    def _on(self) -> list[TrackKey]:
        """The tracks that carried the plate, as all places together tell; found once, before anything goes."""
        if self._tracks is None:
            found = {key for store in self._stores for key in store.tracks(self._selection)}
            if self._selection.key:
                for place in self._elsewhere:
                    found |= self._keys_in(place)
            self._tracks = sorted(found)
        return self._tracks

    def _keys_in(self, place: Place) -> set[TrackKey]:
        with _file_errors(place):
            events = (event_in(data) for path in place.files() if path.is_file() for data in place.events(path))
            keys = (self._selection.track_of(event) for event in events if event is not None)
            return {key for key in keys if key is not None}

    def _wanted(self) -> Wanted:
        tracks = frozenset(self._on())
        return lambda data: self._selection.wants_bytes(data, tracks)

    def _sum(self, place: Place, act: Callable[[Path, Wanted], int], wanted: Wanted) -> int:
        with _file_errors(place):
            return sum(act(path, wanted) for path in place.files() if path.is_file())


@contextmanager
def open_erasure(
    selection: Selection,
    stores: Iterable[StoreSettings],
    sinks: Sequence[SinkSettings],
    data_dir: Path,
    *,
    patience_s: float = TIMEOUT_S,
) -> Iterator[Erasure]:
    """Open and own every place where this machine keeps events, until the end of the `with` statement.

    Args:
        selection: what is to go.
        stores: event stores beside those among the sinks.
        sinks: those configured; empty when they are not known.
        data_dir: folder of this program's data.
        patience_s: how long one statement of a database may take, seconds.

    Raises:
        StoreBusy: another process owns the embedded store.
        StoreError: a database is away, or of another version of this program.
        SinkError: another process owns a spool or file.
    """
    wanted = {
        target_of(store, data_dir): store
        for store in (*stores, *(sink for sink in sinks if isinstance(sink, ChdbSettings | ClickHouseSettings)))
    }
    elsewhere = places(data_dir, sinks)
    beyond = not_covered(sinks)
    opened: list[StoredEvents] = []
    with owned(elsewhere):
        try:
            for target, store in wanted.items():
                embedded = isinstance(store, ChdbSettings)
                if (database := open_for_maintenance(store, data_dir)) is not None:
                    opened.append(StoredEvents(database, embedded=embedded, timeout_s=patience_s))
                    if not embedded:
                        beyond.append(_OLD_FILES.format(target=target))
            yield Erasure(selection, opened, elsewhere, beyond)
        finally:
            for one in opened:
                one.database.close()


def _track_in(data: bytes) -> TrackKey | None:
    event = event_in(data)
    return (event.camera_id, event.stream_id, event.track_id) if isinstance(event, TrackEvent) else None


@contextmanager
def _file_errors(place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SinkError(
            f"{place.kind} {place.name}", f"cannot be read or replaced: {error.strerror or error}", "Then erase again."
        ) from error
