"""Kafka: topics, producers, consumers, and the writer that sends events."""
