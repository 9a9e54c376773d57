"""The event store: schema, backends, questions, answers, retention, erasure."""
