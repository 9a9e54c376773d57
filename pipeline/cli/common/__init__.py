"""Shared by all commands: terminal output, output files, signals, times."""
