"""Plate crops to voted plate reads, with Brazilian syntax."""
