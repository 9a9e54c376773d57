"""Personal tokens: the access of a program in the name of one person, for some operations and a limited time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.domain.operation import Operation
from pipeline.domain.times import DAY_MS

LONGEST_TOKEN_MS: Final = 90 * DAY_MS
MOST_TOKENS: Final = 10
"""Tokens of one account that count at a time."""
TOKEN_OPERATIONS: Final = frozenset(
    {
        Operation.PLATE_QUERY,
        Operation.JOURNEY_QUERY,
        Operation.PATTERN_QUERY,
        Operation.BULK_QUERY,
        Operation.COUNT_QUERY,
        Operation.AUDIT_READING,
        Operation.REPORT,
    }
)
"""Operations that a token may have: those that read. What changes people, access or cameras takes a log-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalToken:
    """A token without its secret.

    Attributes:
        token_id: number of the token; login: of its person.
        name: that the person gave it.
        operations: for which it counts; a decision on each use comes on top.
        created_ms, expires_ms: from when, and until when; last_used_ms: None while it was not used.
        ended_ms: when it was withdrawn or ended with the account; None while it was not; end_reason: why.
    """

    token_id: int
    login: str
    name: str
    operations: frozenset[Operation]
    created_ms: int
    expires_ms: int
    last_used_ms: int | None = None
    ended_ms: int | None = None
    end_reason: str = ""

    def counts(self, now_ms: int) -> bool:
        """Whether it may be used at a moment."""
        return self.ended_ms is None and self.created_ms <= now_ms < self.expires_ms
