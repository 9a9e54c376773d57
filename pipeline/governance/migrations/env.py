"""Alembic environment: migrates the given connection, in its open transaction."""

from __future__ import annotations

from alembic import context

from pipeline.governance import camera_tables, people_tables  # noqa: F401 - each adds its tables to the metadata
from pipeline.governance.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
