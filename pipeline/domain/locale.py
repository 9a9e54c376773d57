"""Locales of readers, besides English."""

from __future__ import annotations

from enum import StrEnum


class Locale(StrEnum):
    """Readers of a file."""

    PT_BR = "pt-BR"
    """Brazil: Portuguese texts; in tables semicolons, decimal commas, local dates (22/11/2026 08:00:00)."""
