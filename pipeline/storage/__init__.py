"""Plumbing that knows no camera: atomic files, locks, private folders, durable JSON lines, YAML documents."""
