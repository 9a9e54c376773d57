"""The live loop: many cameras on one machine, from frames to events."""
