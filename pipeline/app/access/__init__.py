"""Decisions on access before each use case, sessions and approvals. Start at `access_door.AccessDoor`."""
