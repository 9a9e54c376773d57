"""Benchmarks of a GPU, prepared to run on a machine without network."""
