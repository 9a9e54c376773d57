"""Run by Alembic: brings the connection it was handed up to date, in the transaction that is open on it."""

from __future__ import annotations

from alembic import context

from pipeline.governance.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
