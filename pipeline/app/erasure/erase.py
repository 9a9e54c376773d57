"""Erasure of one vehicle, or of one place and time, from preview to proof."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pipeline.app.audit.audited_operation import audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.distinct_events import FileEvents, holds_events
from pipeline.app.erasure.erased_place import ErasedPlace
from pipeline.app.erasure.event_files import EventFiles, file_errors, find_event_files, out_of_reach, owned, sum_over
from pipeline.app.erasure.exports import exported_files, forget_exports_named_after
from pipeline.app.erasure.held_events import held_event_notes
from pipeline.app.erasure.image_files import (
    ImageFiles,
    View,
    find_image_files,
    no_recorders,
    recorded_cameras,
    video_of_views,
)
from pipeline.app.erasure.tombstone_times import erased_before_ms, tombstone_until_ms
from pipeline.app.holds import holds_of
from pipeline.domain.erasure import EventNumbers, HoldOverride, LeftNote
from pipeline.domain.events import AlertEvent, Event, PlateReadEvent, TrackEvent
from pipeline.domain.operation import Operation
from pipeline.domain.plate import plate_key
from pipeline.errors import StoreError
from pipeline.governance.erasure_notes import (
    EXPORTED,
    SHOWN,
    deletion_history,
    replaced_files,
    unlisted_parts,
)
from pipeline.sink.settings import KafkaSettings
from pipeline.sink.spool.remove_events import Wanted
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.storage.erasure_log import ErasureLog
from pipeline.store.annotated_answer import similar_cameras
from pipeline.store.backends.open_database import target_of
from pipeline.store.damaged_parts import can_list
from pipeline.store.erasure_selection import Selection, TrackKey, event_in, track_key
from pipeline.store.retention import open_for_maintenance
from pipeline.store.row_erasure import STATEMENT_TIMEOUT_S, Progress, StoredEvents
from pipeline.store.settings import ChdbSettings, ClickHouseSettings
from pipeline.store.tombstones import Tombstones

__all__ = ["Erasure", "Selection", "open_erasure"]


class Erasure:
    """An erasure with everything open and locked; see `open_erasure`.

    Args:
        selection: what to erase.
        configured: the places that the configuration names.
        stores: event stores; files: spools and files.
        left: places that cannot be erased from here.
        override: the decision on holds in its way; None without one.
    """

    def __init__(
        self,
        selection: Selection,
        configured: ConfiguredStores,
        stores: Sequence[StoredEvents],
        files: Sequence[EventFiles],
        left: list[LeftNote],
        *,
        override: HoldOverride | None = None,
    ) -> None:
        self.override = override
        self.selection = self._selection = selection
        self.configured = configured
        self._stores = stores
        self._files = files
        self._left = left
        self.held: list[LeftNote] = []
        """What holds preserve; after `preview`."""
        self.events = EventNumbers()
        """The different events of the first `preview`, and how many places hold them."""
        self.tombstones = Tombstones(configured.data_dir)
        self.log = ErasureLog(configured.data_dir)
        self._shown: list[str] = []
        self._last_seen_ms: list[int] = []
        self._exported: list[str] = []
        self._tracks: list[TrackKey] | None = None
        self._images: list[ImageFiles] | None = None
        self.views: list[View] = []

    def check_cameras(self) -> None:
        """Refuse a camera of which nothing is known here: the proof of its erasure would prove nothing.

        Raises:
            StoreError: it is neither configured, nor declared, nor in a table, spool or file; or a database failed.
            SinkError: a file cannot be read.
            ConfigError: the declarations cannot be read.
        """
        configured = self.configured
        sources: list[Callable[[], Iterable[str]]] = [
            lambda: configured.cameras or (),
            lambda: DeclaredCameras(configured.data_dir).all(),
            lambda: (camera_id for store in self._stores for camera_id in store.cameras()),
            lambda: (camera_id for files in self._files for camera_id in self._cameras_in(files)),
            lambda: recorded_cameras(configured),
        ]
        unknown, known = set(self._selection.camera_ids), set[str]()
        for source in sources:
            if unknown:
                known.update(source())
                unknown -= known
        if unknown:
            first = min(unknown)
            raise StoreError(
                f"camera {first[:64]!r}",
                "is neither configured nor in the stored data; nothing was erased",
                similar_cameras(first, sorted(known)),
            )

    def preview(self) -> list[ErasedPlace]:
        """What is to be erased, place by place. Changes nothing.

        Raises:
            StoreError: a database failed.
            SinkError: a file cannot be read.
            RecordError: recorded video or its holds cannot be read.
        """
        images = self._image_files()
        self._exported = exported_files(self.configured.data_dir, self._selection, self.configured.zone)
        self.held = [
            *(note for files in images for note in files.held()),
            *held_event_notes(self._selection, self._stores, self._files),
        ]
        found = [
            *(
                ErasedPlace("table", store.database.target, table, events)
                for store in self._stores
                for table, events in store.counts(self._selection, self._on()).items()
            ),
            *(
                ErasedPlace("damaged", store.database.target, f"{part.table}/{part.name}", 1)
                for store in self._stores
                for part in store.damaged(self._selection)
            ),
            *(
                ErasedPlace(files.kind, str(files.folder), files.name, sum_over(files, files.count, self._wanted()))
                for files in self._files
            ),
            *(files.place() for files in images),
        ]
        if not self.events.places:
            self.events = self._different_events(sum(bool(one.events) for one in found if holds_events(one.kind)))
        return found

    def erase(self, progress: Progress = lambda _: None) -> list[ErasedPlace]:
        """Erase, and count again: the places of `preview` with what is left, which is 0 everywhere, and what is held.

        Stopped anywhere, even by a kill, it is completed by running it again: what leads to other events goes last.

        Args:
            progress: receives what is being done.

        Raises:
            StoreError: a database failed, or something is left.
            SinkError: a file cannot be read or replaced.
        """
        before = self.preview()
        self._add_tombstone()
        # Reads lead to the plate's tracks, wherever either is stored: all tracks go before the first read.
        tracks = set(self._on())
        for images in self._image_files():
            progress(f"{images.kind} of {images.camera_id}")
            images.erase()
        for files in self._files if self._selection.key else ():
            progress(f"{files.kind} {files.name}")
            sum_over(files, files.erase, lambda data: _track_in(data) in tracks)
        for store in self._stores:
            store.erase(self._selection, self._on(), progress)
        for files in self._files:
            progress(f"{files.kind} {files.name}")
            sum_over(files, files.erase, self._wanted())
        counted = {(now.kind, now.where, now.name): now for now in self.preview()}
        after = [_after(was, counted.get((was.kind, was.where, was.name))) for was in before]
        for store in self._stores:
            if history := store.history_naming(self._selection):
                self._left.append(deletion_history(store.database.target, history))
        forget_exports_named_after(self.configured.data_dir, self._selection)
        left = [
            f"{finding.left} in {finding.kind} {finding.name} of {finding.where}" for finding in after if finding.left
        ]
        if left:
            raise StoreError(
                "erasure",
                f"not everything is erased: {', '.join(left)}",
                "Stop what writes events, and erase again.",
            )
        return after

    def _add_tombstone(self) -> None:
        """Before the first deletion, so that what a topic or spool brings meanwhile is refused already.

        It holds until ingesters refuse the events for their age, and delivered ones have left all spools and tables. It
        is about all events up to the time of the fastest camera clock that is allowed: a waiting copy may bear it.
        """
        stores = self.configured
        if not stores.data_dir.is_dir() and not any(isinstance(sink, KafkaSettings) for sink in stores.sinks):
            return  # no process has ever stored events from here
        now_ms = time.time_ns() // 1_000_000
        before_ms = max([erased_before_ms(stores, now_ms), *self._last_seen_ms])
        self.tombstones.remove_expired(now_ms)
        until_ms = tombstone_until_ms(stores) + before_ms - now_ms
        self.tombstones.add(self._selection, self._on(), before_ms, until_ms)

    @property
    def out_of_reach(self) -> list[str]:
        """What cannot be erased from here, with what to do, in English; complete after `preview`."""
        return [*(note.english for note in self._left), *self._exported, *self._shown]

    def left_for_document(self) -> list[LeftNote]:
        """What cannot be erased from here, for a document that does not say where and when a vehicle was seen."""
        return [*self._left, *([EXPORTED] if self._exported else []), *([SHOWN] if self._shown else [])]

    def _different_events(self, places: int) -> EventNumbers:
        copies, wanted = FileEvents(), self._wanted()
        for files in self._files:
            with file_errors(files):
                for path in files.files():
                    copies.add(filter(wanted, files.events(path) if path.is_file() else ()))
        return copies.with_stored(self._stores, self._selection, self._on(), places)

    def _image_files(self) -> list[ImageFiles]:
        """Found once, before anything is erased: reads say which cameras saw the vehicle."""
        if self._images is None:
            views = [View(*view) for store in self._stores for view in store.views(self._selection)]
            for files in self._files if self._selection.key else ():
                views += [View(e.camera_id, e.first_ts_ms, e.ts_ms) for e in self._reads_in(files)]
            self.views = views or self._selected_views()
            self._last_seen_ms = [view.last_ms + 1 for view in views]
            self._shown = video_of_views(self.configured, views)
            cameras = self._selection.camera_ids or tuple(sorted({view.camera_id for view in views}))
            overridden = frozenset(self.override.hold_ids if self.override is not None else ())
            self._images = find_image_files(self.configured, self._selection, cameras, overridden)
        return self._images

    def _selected_views(self) -> list[View]:
        """Cameras and times that are erased as a whole; none for a vehicle."""
        selected = self._selection
        if selected.key:
            return []
        begin_ms, end_ms = selected.start_ms or 0, selected.end_ms if selected.end_ms is not None else sys.maxsize
        return [View(camera_id, begin_ms, end_ms - 1) for camera_id in selected.camera_ids]

    def _on(self) -> list[TrackKey]:
        """The tracks that the plate was read on, from all places together; found once, before anything is erased."""
        if self._tracks is None:
            found = {key for store in self._stores for key in store.tracks(self._selection)}
            if self._selection.key:
                for files in self._files:
                    found |= {(e.camera_id, e.stream_id, e.track_id) for e in self._reads_in(files)}
            self._tracks = sorted(found)
        return self._tracks

    def _reads_in(self, files: EventFiles) -> list[PlateReadEvent]:
        """The reads of the wanted plate in some files."""
        reads = (event for event in self._events_in(files) if isinstance(event, PlateReadEvent))
        return [read for read in reads if self._selection.track_of(read) is not None]

    def _cameras_in(self, files: EventFiles) -> set[str]:
        return {event.camera_id for event in self._events_in(files)}

    def _events_in(self, files: EventFiles) -> Iterator[Event]:
        with file_errors(files):
            for path in files.files():
                for data in files.events(path) if path.is_file() else ():
                    if (event := event_in(data)) is not None:
                        yield event

    def plate_keys(self) -> set[str]:
        """The key of every plate that is stored anywhere.

        Raises:
            StoreError: a database failed.
            SinkError: a file cannot be read.
        """
        found = {key for store in self._stores for key in store.plate_keys()}
        for files in self._files:
            for event in self._events_in(files):
                if isinstance(event, PlateReadEvent):
                    found |= {event.plate_key, plate_key(event.plate)}
        return found

    def _wanted(self) -> Wanted:
        tracks = frozenset(self._on())
        return lambda data: self._selection.wants_bytes(data, tracks)


@contextmanager
def open_erasure(
    selection: Selection,
    stores: ConfiguredStores,
    *,
    override: HoldOverride | None = None,
    timeout_s: float = STATEMENT_TIMEOUT_S,
    operation: Operation = Operation.ERASURE,
) -> Iterator[Erasure]:
    """Open and own every place where this machine stores events, until the end of the `with` statement.

    Args:
        selection: what to erase.
        stores: its event stores, sinks and data folder.
        override: a second person's decision on holds in the way, see `check_override`; None: they preserve.
        timeout_s: seconds that one deletion in a database may take.
        operation: what the audit has it as.

    Raises:
        StoreBusy: another process owns the embedded store.
        StoreError: a database is unreachable, or of another version of this program; or see `Erasure.check_cameras`.
        SinkError: another process owns a spool or file.
        RecordError: another process records one of the cameras.
        AuditUnavailable: the audit takes no record.
    """
    with open_erasure_again(selection, stores, override=override, timeout_s=timeout_s, operation=operation) as erasure:
        erasure.check_cameras()
        yield erasure


@contextmanager
def open_erasure_again(
    selection: Selection,
    stores: ConfiguredStores,
    *,
    override: HoldOverride | None = None,
    timeout_s: float = STATEMENT_TIMEOUT_S,
    operation: Operation = Operation.ERASURE,
) -> Iterator[Erasure]:
    """Like `open_erasure`, of an erasure that was made before: its cameras may be known no more.

    It is in the audit before anything is read; so is what is found without being erased.
    """
    audit = audit_of_stores(stores)
    holds = holds_of(stores)
    if override is not None:
        details = {"action": "override-hold", "by": override.by, "hold": ", ".join(override.hold_ids)}
        audit.add(Operation.APPROVAL, cameras=selection.camera_ids, details=details)
        holds = [hold for hold in holds if hold.hold_id not in override.hold_ids]
    selection = replace(selection, held=tuple(holds))
    audit.add(
        operation,
        plates=(selection.key,) if selection.key else (),
        cameras=selection.camera_ids,
        start_ms=selection.start_ms,
        end_ms=selection.end_ms,
        details={"action": "find"},
    )
    data_dir, sinks = stores.data_dir, stores.sinks
    among_sinks = (sink for sink in sinks if isinstance(sink, ChdbSettings | ClickHouseSettings))
    wanted = {target_of(store, data_dir): store for store in (*stores.stores, *among_sinks)}
    files = find_event_files(stores)
    beyond = out_of_reach(stores, list(wanted.values()))
    opened: list[StoredEvents] = []
    with owned(files), no_recorders(stores, selection):
        try:
            for target, store in wanted.items():
                embedded = isinstance(store, ChdbSettings)
                if (database := open_for_maintenance(store, data_dir)) is not None:
                    opened.append(StoredEvents(database, embedded=embedded, timeout_s=timeout_s))
                    if not embedded:
                        beyond.append(replaced_files(target))
                    if not can_list(database):
                        beyond.append(unlisted_parts(target))
            yield Erasure(selection, stores, opened, files, beyond, override=override)
        finally:
            for one in opened:
                one.database.close()


def _after(was: ErasedPlace, now: ErasedPlace | None) -> ErasedPlace:
    return replace(was, left=now.events if now else 0, held=now.held if now else 0)


def _track_in(data: bytes) -> TrackKey | None:
    event = event_in(data)
    return track_key(event) if isinstance(event, TrackEvent | AlertEvent) and event.track_id else None
