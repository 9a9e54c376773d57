"""Erasing one vehicle, or one place and time, wherever this machine keeps events, with proof."""
