"""Construction of sinks and writers from their settings."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from pipeline.domain.event_writer import EventWriter
from pipeline.domain.ports import EventSink
from pipeline.policy.gate import Admission
from pipeline.sink.settings import JsonLinesSettings, KafkaSettings, SinkSettings
from pipeline.sink.spooled import SpooledSink
from pipeline.storage.written_paths import PathKind, WrittenPaths
from pipeline.store.backends.database import EventDatabase
from pipeline.store.settings import ChdbSettings, ClickHouseSettings, StoreSettings


def build_writer(settings: SinkSettings | StoreSettings, data_dir: Path) -> EventWriter:
    """The writer for these settings; nothing is opened yet. The driver of the kind is imported here."""
    match settings:
        case ChdbSettings() | ClickHouseSettings():
            from pipeline.store.backends.open_database import target_of
            from pipeline.store.table_writer import TableWriter

            return TableWriter(target_of(settings, data_dir), lambda: _noted_database(settings, data_dir))
        case KafkaSettings():
            from pipeline.sink.kafka.writer import KafkaWriter

            return KafkaWriter(settings, data_dir / "run" / f"kafka-{settings.name}.json")
        case JsonLinesSettings():
            from pipeline.sink.jsonlines import JsonLinesWriter, StandardOutputWriter

            if str(settings.path) == "-":
                return StandardOutputWriter()
            return JsonLinesWriter(data_dir / settings.path, settings.rotate_bytes)
        case _:
            assert_never(settings)


def _noted_database(settings: StoreSettings, data_dir: Path) -> EventDatabase:
    """A database to write to, noted so that erasures find it after the configuration names another one."""
    from pipeline.store.backends.open_database import chdb_folder, open_database, target_of

    if isinstance(settings, ChdbSettings):
        WrittenPaths(data_dir).add(PathKind.STORE, chdb_folder(settings, data_dir))
    else:
        WrittenPaths(data_dir).add_server(target_of(settings, data_dir))
    return open_database(settings, data_dir, create=True)


def build_sink(settings: SinkSettings, data_dir: Path, admit: Admission) -> EventSink:
    """A running sink. A broker or database that is not available is no error: `status` reports it, and it is retried.

    Args:
        settings: which kind, where, how.
        data_dir: folder of this program's data; created when missing.
        admit: decides about each event before it is delivered, see `pipeline.policy.gate`.

    Raises:
        SinkError: the data folder cannot be used, or another process runs the sink of this name on it.
        StoreError: the path of a file cannot be noted for erasures.
    """
    if isinstance(settings, JsonLinesSettings) and str(settings.path) != "-":
        WrittenPaths(data_dir).add(PathKind.EVENTS, data_dir / settings.path)
    return SpooledSink(build_writer(settings, data_dir), settings, data_dir, admit)
