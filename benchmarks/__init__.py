"""Benchmarks against other projects; results are in `results/`."""
