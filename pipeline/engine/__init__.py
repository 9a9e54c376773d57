"""Wires the rooms for many cameras on one machine."""
