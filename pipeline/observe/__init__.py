"""What people and machines see of a running pipeline: logs, metrics, a live table, annotated images."""
