"""Events to files, brokers and databases, and queries on them.

The way of an event: `SpooledSink.add` → `Spool` (on disk, in order) → the sink's own thread → a `Writer`
(`table_writer` for chDB and ClickHouse, `kafka`, `jsonlines`), which returns only when the other side has confirmed.
The way of a query: `EventStore` → SQL of `queries` → a `Database` (`chdb_database`, `clickhouse_database`); from
another process over `endpoint`. Start at `build.build_sink` and `connect.connect_store`.
"""
