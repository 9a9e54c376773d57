"""Runtimes and devices that run networks."""
