"""The person that a command states by `--by`."""

from __future__ import annotations

import os
import pwd

from pipeline.errors import ReleaseError


def person(by: str | None) -> str:
    """The name of --by, or the login name.

    Raises:
        ReleaseError: the operating system has no name for this user.
    """
    if by is not None:
        return by
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise ReleaseError("--by", "is missing, and your user has no login name", "Add --by NAME") from None
