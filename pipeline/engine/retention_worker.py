"""Retention of the event stores that this process fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.config.settings import Config
from pipeline.engine.disposal_report import DisposalReport
from pipeline.record.every_hold import every_hold
from pipeline.storage.written_paths import PathKind, WrittenPaths
from pipeline.store.retention_scheduler import RETENTION_EVERY_S, RetentionScheduler
from pipeline.store.settings import ChdbSettings, StoreSettings

_FIRST_ROUND_S: Final = 30.0
"""Maximum wait at the start for the embedded store to drop what is due."""


def hold_folders(config: Config) -> list[Path]:
    """Folders whose holds count: of recorded video, former ones too, and the data folder.

    Raises:
        StoreError: the log of written paths cannot be read.
    """
    recorded = [config.record.dir] if config.record is not None else []
    former = WrittenPaths(config.data_dir).all(PathKind.VIDEO)
    return list(dict.fromkeys([*recorded, *former, config.data_dir]))


@contextmanager
def retention_running(config: Config, stores: Iterable[StoreSettings], *, live: bool) -> Iterator[None]:
    """Drop what is due from event stores that this process fills: at once, and every hour until the end of the `with`.

    To be entered before the sinks open. An embedded store's first round is waited for, so that it is over before events
    come; an unreachable server delays nothing.

    Args:
        config: retention days, and the data folder.
        stores: those that this process fills.
        live: events have the present time. Otherwise they have the time of recordings, so there is only the first
            round: what this run delivers must not be dropped while it lasts.
    """
    folders, report = hold_folders(config), DisposalReport.of_run(config)
    with ExitStack() as stack:
        for store in stores:
            every_s = RETENTION_EVERY_S if live else None
            holds = partial(every_hold, folders)
            keeper = RetentionScheduler(
                config.retention, store, config.data_dir, every_s, holds=holds, disposing=report
            )
            stack.callback(keeper.close)
            keeper.start(wait_s=_FIRST_ROUND_S if isinstance(store, ChdbSettings) else 0.0)
        yield
