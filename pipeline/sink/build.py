"""From settings to a running sink."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from pipeline.domain.ports import EventSink
from pipeline.sink.settings import ChdbSettings, ClickHouseSettings, JsonLinesSettings, KafkaSettings, SinkSettings
from pipeline.sink.spooled import SpooledSink
from pipeline.sink.writer import Writer


def build_writer(settings: SinkSettings, data_dir: Path) -> Writer:
    """The writer for these settings; nothing is opened yet. The driver of the kind is imported here."""
    match settings:
        case ChdbSettings() | ClickHouseSettings():
            from pipeline.store.backends.open_database import open_database, target_of
            from pipeline.store.table_writer import TableWriter

            return TableWriter(target_of(settings, data_dir), lambda: open_database(settings, data_dir, create=True))
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


def build_sink(settings: SinkSettings, data_dir: Path) -> EventSink:
    """A running sink. A broker or database that is not there is no error here: `status` tells, and it keeps trying.

    Args:
        settings: which kind, where, how.
        data_dir: folder of this program's data; made when missing.

    Raises:
        SinkError: the data folder cannot be used, or another process runs the sink of this name on it.
    """
    return SpooledSink(build_writer(settings, data_dir), settings, data_dir)
