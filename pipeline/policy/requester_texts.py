"""Texts of a requester, as the screen of sensitive texts sees them."""

from __future__ import annotations

from pipeline.domain.requester import Requester
from pipeline.policy.sensitive.screen import TextKind, TextScreen


def check_requester(requester: Requester, screen: TextScreen) -> None:
    """Refuse a question whose purpose or case says something sensitive about people.

    Raises:
        PolicyError: naming the text, the word and the category.
    """
    screen.check("purpose", requester.purpose, TextKind.REASON)
    screen.check("case", requester.case, TextKind.REASON)
