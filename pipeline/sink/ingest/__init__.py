"""Ingest of events from Kafka into the event store, behind the policy gate."""
