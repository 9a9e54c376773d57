"""Tests of `pipeline.benchmark`."""
