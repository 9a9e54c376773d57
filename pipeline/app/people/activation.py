"""Use cases of invited persons: password and second factor."""

from __future__ import annotations

from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.people import RegisteredPerson


def begin_activation(opened: OpenRegistry, login: str, invitation: str) -> tuple[str, str]:
    """A secret of one-time codes and its ``otpauth://`` address, for a valid invitation."""
    return opened.registry.prepare_activation(login, invitation)


def finish_activation(
    opened: OpenRegistry, login: str, invitation: str, *, password: str, secret: str, code: str
) -> RegisteredPerson:
    """Set password and second factor, see `LoginRegister.activate`."""
    return opened.registry.activate(login, invitation, password, secret, code)
