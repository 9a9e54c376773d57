"""Roles that see persons in a live view: monitoring of decree 18.743/2014 art. 6 IV is the operators' task."""

from __future__ import annotations

from typing import Final

from pipeline.domain.role import Role

_SEE_PEOPLE: Final = frozenset({Role.OPERATOR, Role.INTELLIGENCE_ANALYST})


def hides_people(role: Role, *, sensitive: bool) -> bool:
    """Whether persons, faces and plates are masked in a live view.

    Args:
        role: in which the person acts; sensitive: whether a camera is in sensitive surroundings (art. 12).
    """
    return sensitive or role not in _SEE_PEOPLE
