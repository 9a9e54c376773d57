"""Where this machine keeps events outside the tables, and owning it while something is erased there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SinkError
from pipeline.sink.line_erasure import count_lines, erase_lines, lines_in
from pipeline.sink.settings import JsonLinesSettings, KafkaSettings, SinkSettings
from pipeline.sink.spool.inspect_spool import spools
from pipeline.sink.spool.remove_events import Wanted, count_in, erase_from, events_in, segment_files
from pipeline.storage.atomic import remove_partial_files
from pipeline.storage.locks import OwnerLock


@dataclass(frozen=True, slots=True)
class Place:
    """Files of one owner.

    Attributes:
        kind: ``spool`` or ``file``; name: of the sink, or of the file.
        folder: where the files lie, of which a kill may have left something unfinished there.
        lock: says which process owns them; None where the lock of a spool says it.
        files: they, as they are now.
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


def places(data_dir: Path, sinks: Sequence[SinkSettings]) -> list[Place]:
    """Every place of a data folder and of the JSON-lines sinks, also of sinks that are configured no more.

    Args:
        data_dir: folder of this program's data.
        sinks: those configured; may be empty when they are not known.
    """
    found = [
        Place("spool", path.name, path, path / "owner.lock", _segments(path), events_in, count_in, erase_from)
        for path in spools(data_dir)
    ]
    paths = {(data_dir / sink.path) for sink in sinks if isinstance(sink, JsonLinesSettings) and str(sink.path) != "-"}
    # Without configuration: files that look like ours, less those that were put aside, which belong to their first.
    if not sinks and data_dir.is_dir():
        paths |= set(data_dir.glob("*.jsonl"))
    found += [_lines(path, path.with_name(f".{path.name}.lock"), _rotated(path)) for path in sorted(paths)]
    refused = data_dir / "refused"
    found += [_lines(path, None, lambda path=path: [path]) for path in sorted(refused.glob("*.jsonl"))]  # type: ignore[misc]
    return found


def not_covered(sinks: Sequence[SinkSettings]) -> list[str]:
    """Where events may be that cannot be erased from here, in words."""
    found = ["copies that were made elsewhere: backups, exports, preview images, other machines' spools"]
    if not sinks:
        found.append("sinks outside the data folder: no configuration was named")
    for sink in sinks:
        if isinstance(sink, KafkaSettings):
            found.append(
                f"Kafka topics {sink.topic_prefix}.* of sink {sink.name}: a log cannot be changed; "
                "keep their retention.ms short"
            )
        elif isinstance(sink, JsonLinesSettings) and str(sink.path) == "-":
            found.append(f"standard output of sink {sink.name}")
    return found


@contextmanager
def owned(wanted: Sequence[Place]) -> Iterator[None]:
    """Keep every other process out of the places, and clear away what a kill left unfinished.

    Raises:
        SinkError: another process owns one; it is named.
    """
    with ExitStack() as stack:
        for place in wanted:
            if place.lock is not None and place.folder.is_dir():
                _own(place, place.lock, stack)
        for folder in {place.folder for place in wanted}:
            remove_partial_files(folder)
        yield


def _own(place: Place, path: Path, stack: ExitStack) -> None:
    lock = OwnerLock(path)
    try:
        owned = lock.acquire()
    except OSError as error:
        raise SinkError(f"{place.kind} {place.name}", f"cannot be locked: {error.strerror}") from error
    if not owned:
        raise SinkError(
            f"{place.kind} {place.name}",
            f"process {lock.owner_pid()} is writing it, so nothing can be erased there",
            "Stop that process (it may be a `viapublica run`), erase, and start it again.",
        )
    stack.callback(lock.release)


def _segments(folder: Path) -> Callable[[], Sequence[Path]]:
    return lambda: segment_files(folder)


def _rotated(path: Path) -> Callable[[], Sequence[Path]]:
    return lambda: sorted({path, *path.parent.glob(f"{path.stem}-*{path.suffix}")})


def _lines(path: Path, lock: Path | None, files: Callable[[], Sequence[Path]]) -> Place:
    return Place("file", path.name, path.parent, lock, files, lines_in, count_lines, erase_lines)
