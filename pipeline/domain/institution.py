"""Institutions that are responsible for cameras, and the law that their documents cite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LAW_OF_DISCLOSURES: Final = "Lei nº 13.709/2018 (LGPD), arts. 7º, 23 e 26"
"""Federal rules of handing personal data over by a public body."""


@dataclass(frozen=True, slots=True)
class Institution:
    """The institution of a configuration.

    Attributes:
        name: "" where it is not named.
        local_law: act of its municipality or state that governs the cameras; "" where none is named.
    """

    name: str = ""
    local_law: str = ""

    def legal_grounds(self, federal: str) -> str:
        """Federal rules, then the local act where one is configured."""
        return f"{federal}; {self.local_law}" if self.local_law else federal
