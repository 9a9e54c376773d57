"""Logging of the whole process, as command line and console set it up."""

from pipeline.observe.logs import configure as configure_logging

__all__ = ["configure_logging"]
