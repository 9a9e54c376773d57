"""Texts of plates, balanced over letters, digits and positions."""

from __future__ import annotations

from typing import Final

import numpy as np

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS: Final = "0123456789"
OLD: Final = "LLLNNNN"
MERCOSUL: Final = "LLLNLNN"
FOREIGN: Final = (
    "LLNNNLL", "LLNNLLL", "LLLNNN", "NNNLLL", "LLNNNN", "LLNNNNN", "LNNNNLL", "NLLLNNN", "LLLNNLL", "LLLLNN",
    "LLNNNN", "NNNNLLL", "LNNNLL", "LLNLNNN", "NNNNNN", "LLNNLL", "LLLNNNNN", "LLNNNLLL", "NNLNNNN",
)  # fmt: skip
"""Syntaxes of other countries: a foreigner's plate is read as it is."""


def spell(syntax: str, rng: np.random.Generator) -> str:
    """A random text; L stands for a letter, N for a digit."""
    return "".join(str(rng.choice(list(LETTERS if place == "L" else DIGITS))) for place in syntax)


def foreign(rng: np.random.Generator) -> str:
    """A text of another country's syntax, or of none."""
    if rng.random() < 0.2:
        return "".join(str(rng.choice(list(LETTERS + DIGITS))) for _ in range(int(rng.integers(4, 9))))
    return spell(FOREIGN[int(rng.integers(len(FOREIGN)))], rng)
