"""A person in the directory of an institution, as OpenID Connect names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DirectoryIdentity:
    """Who a directory says someone is; nothing else that it says counts, no role and no name.

    Attributes:
        issuer: address of the directory, as its tokens name it.
        subject: by which the directory knows the person; it never gives it to another one, unlike an e-mail address.
    """

    issuer: str
    subject: str
