"""The person or program that a question to the event store comes from, and the purpose of the question."""

from __future__ import annotations

import os
import pwd
from typing import Final

import msgspec

PURPOSE_VARIABLE: Final = "VIAPUBLICA_PURPOSE"
CASE_VARIABLE: Final = "VIAPUBLICA_CASE"
"""Variables of the environment; the options of the command line set them."""


class Requester(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The origin of a question.

    Attributes:
        user: name of the operating system's user.
        purpose: what the answer is for; "" when not stated.
        case: number of the case or order it belongs to; "" when not stated.
    """

    user: str
    purpose: str = ""
    case: str = ""

    @classmethod
    def of_process(cls) -> Requester:
        """The operating system's user that this process runs as, with the purpose and case of its environment."""
        purpose, case = (os.environ.get(name, "") for name in (PURPOSE_VARIABLE, CASE_VARIABLE))
        return cls(user=system_user(os.geteuid()), purpose=purpose, case=case)


def system_user(uid: int) -> str:
    """The name of a user of the operating system; ``uid 1000`` for one without a name, as in many containers."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
