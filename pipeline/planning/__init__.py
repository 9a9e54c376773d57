"""Capacity planning: what a number of cameras needs, from measured rows of a machine."""
