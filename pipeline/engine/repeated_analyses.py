"""Videos that a run analyzes again: events leave at the end; stored rows of before that they lack are deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import structlog

from pipeline.config.settings import Config
from pipeline.domain.events import Event
from pipeline.domain.ports import SinkStatus
from pipeline.errors import ViapublicaError
from pipeline.store.replaced_rows import AnalysisRows, delete_replaced
from pipeline.store.retention import open_for_maintenance
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.settings import ChdbSettings

_log = structlog.get_logger(__name__)


class RepeatedAnalyses:
    """The repeated analyses of a run. One that does not reach the end of its video stores and replaces nothing.

    Of a video that a run has twice, in two copies, the analysis that ends last counts.
    """

    def __init__(self) -> None:
        self._complete: dict[tuple[str, str], AnalysisRows] = {}

    def open(self, camera_id: str, stream_id: str) -> RepeatedAnalysis:
        """The log of a video that an earlier run has analyzed."""
        return RepeatedAnalysis(AnalysisRows(camera_id, stream_id), self._completed)

    def _completed(self, rows: AnalysisRows) -> None:
        self._complete[rows.camera_id, rows.stream_id] = rows

    def delete_replaced(self, config: Config, sinks: Sequence[SinkStatus]) -> None:
        """Delete what complete analyses have replaced from the stores that this process fills, after their delivery.

        A failure is logged: the next run of the video to its end deletes the same.

        Args:
            config: names the stores.
            sinks: their status at the end; a store that lacks events of this run loses none of before.
        """
        if not self._complete:
            return
        lacking = {one.name for one in sinks if one.pending or one.lost or one.refused}
        for store in config.stores_among_sinks:
            if store.name in lacking:
                _log.warning("replaced_rows_not_deleted", sink=store.name, why="events of this run are not stored")
                continue
            try:
                database = open_for_maintenance(store, config.data_dir)
                if database is None:
                    continue
                try:
                    stored = StoredEvents(database, embedded=isinstance(store, ChdbSettings))
                    for rows in self._complete.values():
                        if deleted := delete_replaced(stored, rows):
                            _log.info("replaced_rows_deleted", sink=store.name, camera=rows.camera_id, rows=deleted)
                finally:
                    database.close()
            except ViapublicaError as error:
                _log.warning("replaced_rows_not_deleted", sink=store.name, why=str(error))


class RepeatedAnalysis:
    """The log of one video, see `pipeline.engine.camera_stream.AnalysisLog`.

    Args:
        rows: of the video's session, none yet.
        on_complete: gets them at the end of the video.
    """

    def __init__(self, rows: AnalysisRows, on_complete: Callable[[AnalysisRows], None]) -> None:
        self._rows = rows
        self._on_complete = on_complete
        self._events: list[Event] = []

    def hold(self, events: Iterable[Event]) -> None:
        """See `AnalysisLog.hold`."""
        self._events += events

    def complete(self) -> list[Event]:
        """See `AnalysisLog.complete`."""
        self._rows.add(self._events)
        self._on_complete(self._rows)
        return self._events
