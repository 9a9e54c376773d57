"""Location of the register, without opening it."""

from __future__ import annotations

from pipeline.storage.register_location import register_location

__all__ = ["register_location"]
