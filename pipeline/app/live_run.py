"""A run of all cameras of a configuration, as a handle: state, results and an orderly stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

from pipeline.app.cameras.permissions import run_permissions
from pipeline.app.hotlists.run_hot_lists import run_hot_lists
from pipeline.app.live_reload import LiveReload, ReloadReport
from pipeline.app.process_limits import check_run
from pipeline.config.settings import Config
from pipeline.domain.ports import SinkStatus, SourceStatus
from pipeline.engine.build import open_engine
from pipeline.engine.malloc_trim import return_big_blocks
from pipeline.engine.run_progress import RunProgress
from pipeline.engine.run_report import RunReport
from pipeline.engine.running_engine import RunningEngine
from pipeline.observe.snapshots import CameraActivity
from pipeline.storage.stored_analyses import StoredAnalyses

__all__ = ["CameraActivity", "LiveRun", "ReloadReport", "RunReport", "StopStage", "open_live_run"]


class StopStage(Enum):
    """What a call of `LiveRun.stop` began."""

    FINISHING = auto()
    """Tracks are closed and events delivered, within `engine.shutdown_timeout_s`."""
    KEEPING = auto()
    """Undelivered events stay on disk for the next start."""


class LiveRun:
    """A run that is ready to start; see `open_live_run`. All methods but `run` may be called from any thread."""

    def __init__(self, running: RunningEngine, reload: LiveReload | None = None) -> None:
        self._running = running
        self._reload = reload

    def run(self, on_tick: Callable[[], None] | None = None) -> None:
        """Work until every source has ended or `stop` is called.

        Args:
            on_tick: called after every batch and at least every 0.2 s, in this thread; None logs the progress instead.
        """
        self._running.engine.run(on_tick=RunProgress(self._running).tick if on_tick is None else on_tick)

    def stop(self) -> StopStage:
        """End in good order; a second call stops delivering. Safe in a signal handler."""
        engine = self._running.engine
        first = not engine.stopping and not engine.dispatcher.closing
        engine.stop()
        if first:
            return StopStage.FINISHING
        engine.dispatcher.give_up()
        return StopStage.KEEPING

    def reload(self) -> None:
        """Read the configuration again soon and apply what differs, camera by camera. Safe in a signal handler."""
        if self._reload is not None:
            self._reload.request()

    def sources(self) -> Mapping[str, SourceStatus]:
        """Status of each camera's source, by camera id."""
        return self._running.sources()

    def sinks(self) -> Sequence[SinkStatus]:
        """Status of each sink."""
        return self._running.sinks()

    def activities(self) -> Mapping[str, CameraActivity]:
        """Frames and events of each camera after its source, by camera id."""
        return self._running.activities()

    def report(self) -> RunReport:
        """The summary up to now; after `open_live_run` has closed, of the whole run."""
        return self._running.report()

    def preview_images(self) -> Mapping[str, Sequence[Path]]:
        """Annotated images written last, by camera id; empty without `observability.preview`."""
        return {} if self._running.preview is None else self._running.preview.latest()


@contextmanager
def open_live_run(
    config: Config,
    path: Path | None = None,
    on_reload: Callable[[ReloadReport], None] = lambda _: None,
    *,
    replace: bool = False,
    autotune: bool = False,
) -> Iterator[LiveRun]:
    """Load the models, open sinks and cameras; on leaving, flush and close everything in order.

    Args:
        config: the configuration.
        path: its file, for `LiveRun.reload`; None if it cannot be reloaded.
        on_reload: called after each reload, from another thread.
        replace: weaker analyses of files replace the rows of better ones.
        autotune: use the backend and threads that are fastest on this machine where the configuration states none.

    Raises:
        ViapublicaError: a model, the policy, a port, the registry or the audit stops all cameras. A single camera that
            cannot be opened does not: its state says so while the others run.
    """
    check_run(config)
    return_big_blocks()
    analyses = StoredAnalyses(config.data_dir, replace)
    permissions, lists = run_permissions(config), run_hot_lists(config)
    with open_engine(config, analyses, autotune=autotune, permissions=permissions, hot_lists=lists) as running:
        if path is None:
            yield LiveRun(running)
            return
        with LiveReload(path, running, on_reload) as reload:
            yield LiveRun(running, reload)
