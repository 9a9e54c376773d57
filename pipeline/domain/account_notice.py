"""Notices to the owner of an account about changes of, and attempts at, their log-in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """What happened; the value is stored."""

    PASSWORD = "password"  # noqa: S105 - no password
    """The password was changed."""
    DIRECTORY = "directory"
    """An administrator connected the account with a directory, or took it out."""
    TOKEN = "token"  # noqa: S105 - no token
    """A personal token was created."""
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    CODE_REFUSED = "code-refused"
    """Someone gave the right password, or came by the directory, and failed at the second factor."""
    LOCKED = "locked"
    """Wrong attempts from an address locked the account for it."""


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """A notice.

    Attributes:
        notice_id: its number; kind: what happened.
        origin: address that it came from, "" where it is not known; at_ms: when.
        seen_ms: when its person noted it; None before.
    """

    notice_id: int
    kind: NoticeKind
    origin: str
    at_ms: int
    seen_ms: int | None
