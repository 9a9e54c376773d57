"""Schema migrations of the event store. Append only: a migration that was released is never edited.

Statements use what ClickHouse 18.16 and the newest share, and may be run twice. Rows of one event have one sorting
key, so ReplacingMergeTree merges them; `schema_version` says which is the newer. `ts` is derived from `ts_ms` for
partitions (a day is dropped in one go) and for people; `ts_ms` is the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema.

    Attributes:
        version: 1, 2, 3 …; name: what it does.
        statements: SQL, each harmless when run again; ``{merge_tree_settings}`` is filled in by the database.
        columns: table, name and type of new columns; ClickHouse 18.16 has no statement that adds only missing ones.
    """

    version: int
    name: str
    statements: tuple[str, ...] = ()
    columns: tuple[tuple[str, str, str], ...] = ()


VERSION_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS schema_version (version UInt32, name String, applied_ms Int64) "
    "ENGINE = ReplacingMergeTree(applied_ms) ORDER BY version"
)

_HEAD = (
    "event_id UUID, camera_id String, ts_ms Int64, schema_version UInt16, "
    "ts DateTime('UTC') DEFAULT toDateTime(intDiv(ts_ms, 1000), 'UTC')"
)


_DAY = "toYYYYMMDD(ts)"
# Erasing one plate rewrites the partitions that hold it: a quarter of the reads instead of all. More quarters
# would make inserts slower than erasures are rare.
_DAY_AND_QUARTER = f"({_DAY}, cityHash64(plate_key) % 4)"


def _table(name: str, columns: str, order: str, granularity: int, partition: str = _DAY) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {name} ({_HEAD}, {columns}) ENGINE = ReplacingMergeTree(schema_version) "
        f"PARTITION BY {partition} ORDER BY ({order}) "
        f"SETTINGS index_granularity = {granularity}{{merge_tree_settings}}"
    )


MIGRATIONS: Final = (
    Migration(
        1,
        "tables of the four kinds of events",
        (
            _table(
                "plate_reads",
                "plate String, plate_key String, layout String, confidence Float32, votes UInt32, vehicle String, "
                "stream_id String, track_id Int64, first_ts_ms Int64, x1 Float32, y1 Float32, x2 Float32, y2 Float32, "
                "frame Int64",
                # The key first: one plate is a point read. Small granules: such a read touches one per part.
                "plate_key, ts_ms, event_id",
                1024,
                _DAY_AND_QUARTER,
            ),
            _table(
                "tracks",
                "label String, stream_id String, track_id Int64, first_ts_ms Int64, frames UInt32, path_px Float32, "
                "speed_px_s Float32, speed_m_s Nullable(Float32)",
                "camera_id, ts_ms, event_id",
                8192,
            ),
            _table(
                "counts",
                "label String, count UInt32, stream_id String",
                "camera_id, ts_ms, event_id",
                8192,
            ),
            _table("health", "state String, detail String, stream_id String", "camera_id, ts_ms, event_id", 8192),
        ),
    ),
    Migration(
        2,
        "table of alerts",
        (
            _table(
                "alerts",
                "rule String, severity String, subject String, detail String, stream_id String",
                "camera_id, ts_ms, event_id",
                8192,
            ),
        ),
    ),
    Migration(3, "trajectories of tracks", columns=(("tracks", "trajectory", "String"),)),
    Migration(
        4,
        "incidents of alerts",
        columns=(
            ("alerts", "incident", "String"),
            ("alerts", "phase", "String"),
            ("alerts", "first_ts_ms", "Int64"),
            ("alerts", "label", "String"),
            ("alerts", "track_id", "Int64"),
            ("alerts", "x1", "Float32"),
            ("alerts", "y1", "Float32"),
            ("alerts", "x2", "Float32"),
            ("alerts", "y2", "Float32"),
            ("alerts", "evidence", "String"),
            ("alerts", "figures", "String"),
        ),
    ),
    Migration(
        5,
        "tables of traffic figures",
        (
            _table(
                "line_counts",
                "line String, direction String, label String, count UInt32, stream_id String, areas String, "
                "speeds String, mean_m_s Nullable(Float32), p85_m_s Nullable(Float32), headway_s Nullable(Float32)",
                "camera_id, ts_ms, event_id",
                8192,
            ),
            _table(
                "zone_states",
                "zone String, label String, occupancy Float32, occupancy_max UInt32, queue Float32, queue_max UInt32, "
                "seen_s Float32, stream_id String, areas String, density_m2 Nullable(Float32), "
                "density_km Nullable(Float32)",
                "camera_id, ts_ms, event_id",
                8192,
            ),
        ),
    ),
)

LATEST: Final = MIGRATIONS[-1].version
