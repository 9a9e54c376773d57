"""Frozen value types and protocols; the ground floor. Imports nothing of ours but `pipeline.errors`."""
