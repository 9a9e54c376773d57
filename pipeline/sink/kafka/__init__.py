"""Kafka: topics, producers, consumers, and the `Writer` that sends events."""
