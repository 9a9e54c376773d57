"""Files with events outside the tables: spools, JSON lines and rejected events, and their locks during an erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.erasure.former_paths import event_paths, folders_beside, former_stores, missing_paths
from pipeline.domain.erasure import LeftNote
from pipeline.errors import SinkError
from pipeline.governance.erasure_notes import (
    COPIES,
    NO_CONFIGURATION,
    former_sink,
    kafka_topics,
    standard_output,
)
from pipeline.sink.line_erasure import count_lines, erase_lines, lines_in
from pipeline.sink.settings import JsonLinesSettings, KafkaSettings
from pipeline.sink.spool.inspect_spool import spools
from pipeline.sink.spool.remove_events import Wanted, count_in, erase_from, events_in, segment_files
from pipeline.storage.atomic import remove_partial_files
from pipeline.storage.locks import OwnerLock
from pipeline.store.erasure_selection import event_in
from pipeline.store.settings import StoreSettings


@dataclass(frozen=True, slots=True)
class EventFiles:
    """Files of one owner.

    Attributes:
        kind: ``spool`` or ``file``; name: of the sink, or of the file.
        folder: of the files; a kill may have left something unfinished there.
        lock: names the process that owns them; None where the lock of a spool does.
        files: the files that exist now.
        events, count, erase: see `pipeline.sink.spool.remove_events` and `pipeline.sink.line_erasure`.
    """

    kind: str
    name: str
    folder: Path
    lock: Path | None
    files: Callable[[], Sequence[Path]]
    events: Callable[[Path], Iterator[bytes]]
    count: Callable[[Path, Wanted], int]
    erase: Callable[[Path, Wanted], int]


def find_event_files(stores: ConfiguredStores) -> list[EventFiles]:
    """All files of a data folder and of the JSON-lines sinks, also of sinks that are configured no more.

    Raises:
        StoreError: the log of written paths cannot be read.
        SinkError: a file cannot be read.
    """
    data_dir = stores.data_dir
    found = [
        EventFiles("spool", path.name, path, path / "owner.lock", _segments(path), events_in, count_in, erase_from)
        for path in spools(data_dir)
    ]
    paths = event_paths(stores)
    refused = data_dir / "refused"
    known = {one.resolve() for path in paths for one in _rotated(path)()}
    # Of versions that did not note what they wrote: whatever holds an event.
    every = sorted(data_dir.rglob("*.jsonl"))
    others = (path for path in every if path.parent != refused and path.resolve() not in known)
    found += [_lines(path, path.with_name(f".{path.name}.lock"), _rotated(path)) for path in sorted(paths)]
    found += [_lines(path, None, lambda path=path: [path]) for path in others if _holds_event(path)]  # type: ignore[misc]
    found += [_lines(path, None, lambda path=path: [path]) for path in sorted(refused.glob("*.jsonl"))]  # type: ignore[misc]
    return found


def out_of_reach(configured: ConfiguredStores, stores: Sequence[StoreSettings]) -> list[LeftNote]:
    """Places with events that cannot be erased from here, with what to do.

    Args:
        configured: the data folder and its sinks.
        stores: those configured, among the sinks too.

    Raises:
        StoreError: the log of written paths cannot be read.
    """
    found = [COPIES, *former_stores(configured, stores), *missing_paths(configured)]
    found += folders_beside(configured)
    if not configured.sinks:
        found.append(NO_CONFIGURATION)
    else:
        names = {sink.name for sink in configured.sinks}
        names |= {name for channel in configured.channels for name in channel.sink_names}
        found += [former_sink(spool.name) for spool in spools(configured.data_dir) if spool.name not in names]
    for sink in configured.sinks:
        if isinstance(sink, KafkaSettings):
            found.append(kafka_topics(sink.name, f"{sink.topic_prefix}.*"))
        elif isinstance(sink, JsonLinesSettings) and str(sink.path) == "-":
            found.append(standard_output(sink.name))
    return found


@contextmanager
def owned(wanted: Sequence[EventFiles]) -> Iterator[None]:
    """Keep every other process away from the files, and remove what a kill left unfinished.

    Raises:
        SinkError: another process owns some; it is named.
    """
    with ExitStack() as stack:
        for files in wanted:
            if files.lock is not None and files.folder.is_dir():
                _own(files, files.lock, stack)
        for folder in {files.folder for files in wanted}:
            remove_partial_files(folder)
        yield


def _own(files: EventFiles, path: Path, stack: ExitStack) -> None:
    lock = OwnerLock(path)
    try:
        owned = lock.acquire()
    except OSError as error:
        raise SinkError(f"{files.kind} {files.name}", f"cannot be locked: {error.strerror}") from error
    if not owned:
        raise SinkError(
            f"{files.kind} {files.name}",
            f"process {lock.owner_pid()} is writing it, so nothing can be erased there",
            "Stop that process (it may be a `viapublica run`), erase, and start it again.",
        )
    stack.callback(lock.release)


def _holds_event(path: Path) -> bool:
    """Whether any line is an event: the first may be torn."""
    try:
        return any(event_in(line) is not None for line in lines_in(path))
    except OSError as error:
        raise SinkError(f"file {path}", f"cannot be read: {error.strerror or error}", "Then erase again.") from error


def _segments(folder: Path) -> Callable[[], Sequence[Path]]:
    return lambda: segment_files(folder)


def _rotated(path: Path) -> Callable[[], Sequence[Path]]:
    return lambda: sorted({path, *path.parent.glob(f"{path.stem}-*{path.suffix}")})


def _lines(path: Path, lock: Path | None, files: Callable[[], Sequence[Path]]) -> EventFiles:
    return EventFiles("file", path.name, path.parent, lock, files, lines_in, count_lines, erase_lines)


@contextmanager
def file_errors(files: EventFiles) -> Iterator[None]:
    """Errors of the disk as errors of a file of events.

    Raises:
        SinkError: it cannot be read or replaced.
    """
    try:
        yield
    except OSError as error:
        raise SinkError(
            f"{files.kind} {files.name}", f"cannot be read or replaced: {error.strerror or error}", "Then erase again."
        ) from error


def sum_over(files: EventFiles, act: Callable[[Path, Wanted], int], wanted: Wanted) -> int:
    """The sum of what an action returns for each of some files.

    Raises:
        SinkError: one cannot be read or replaced.
    """
    with file_errors(files):
        return sum(act(path, wanted) for path in files.files() if path.is_file())
