"""The command line: `viapublica`."""

from pipeline.cli.app import main

__all__ = ["main"]
