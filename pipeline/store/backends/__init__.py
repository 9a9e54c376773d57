"""Databases that hold the event store: chDB and ClickHouse."""
