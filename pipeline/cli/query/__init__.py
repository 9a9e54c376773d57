"""Commands that query the event store."""
