"""Observability of a running pipeline: logs, metrics, annotated images."""
