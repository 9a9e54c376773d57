"""Erasure of one vehicle, or of one place and time, wherever this machine stores events, with proof."""
