"""Cancellation of a session by another thread or process."""

from __future__ import annotations

from typing import Protocol


class Cancellation(Protocol):
    """A request to end soon, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether the session is to end."""
        ...
