"""Commands for operators: run, configuration, health, Kafka, spools, retention, recordings."""
