"""Plumbing that knows no camera: atomic writes, locks, private folders, YAML documents."""
