"""From Kafka's topics into the event store."""
