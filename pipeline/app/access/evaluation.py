"""Notification of decisions in evaluation mode, for the command line; it loads nothing that decides."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

on_evaluation: ContextVar[Callable[[str], None]] = ContextVar("on_evaluation", default=lambda _user: None)
"""Called with the user of the operating system at each decision in evaluation mode."""
