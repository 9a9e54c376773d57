"""Location of the register, without opening it."""

from __future__ import annotations

from pipeline.storage.register_location import default_register

__all__ = ["default_register"]
