"""The person or program that a question to the event store comes from, and the purpose of the question."""

from __future__ import annotations

import os
import pwd

import msgspec


class Requester(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The origin of a question.

    Attributes:
        user: name of the operating system's user, until there are accounts.
        purpose: what the answer is for; "" when not stated.
        case: number of the case or order it belongs to; "" when not stated.
    """

    user: str
    purpose: str = ""
    case: str = ""

    @classmethod
    def of_process(cls) -> Requester:
        """The operating system's user that this process runs as."""
        return cls(user=system_user(os.geteuid()))


def system_user(uid: int) -> str:
    """The name of a user of the operating system; ``uid 1000`` for one without a name, as in many containers."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
