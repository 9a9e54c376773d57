"""Delivery of events to files, brokers and event stores.

The way of an event: `SpooledSink.add` → `Spool` (on disk, in order) → the sink's own thread → an `EventWriter`
(`store.table_writer` for chDB and ClickHouse, `kafka.writer`, `jsonlines`), which returns when the destination has
confirmed. Between a broker and an event store: `ingest`. Start at `build.build_sink`.
"""
