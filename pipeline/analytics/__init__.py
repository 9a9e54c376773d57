"""Tracks to counts and track summaries."""
