"""Character probabilities made by hand, and hypothesis strategies for plates."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pipeline.domain.ports import CharacterProbabilities

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
LETTERS, DIGITS = ALPHABET[10:36], ALPHABET[:10]
SLOTS = 9

old_plates = st.tuples(st.text(LETTERS, min_size=3, max_size=3), st.text(DIGITS, min_size=4, max_size=4)).map("".join)
mercosul_plates = st.tuples(
    st.text(LETTERS, min_size=3, max_size=3),
    st.text(DIGITS, min_size=1, max_size=1),
    st.text(LETTERS, min_size=1, max_size=1),
    st.text(DIGITS, min_size=2, max_size=2),
).map("".join)
brazilian_plates = old_plates | mercosul_plates
any_texts = st.text(LETTERS + DIGITS, min_size=1, max_size=SLOTS)


def seen(
    text: str, sure: float = 0.98, start: int = 0, doubts: dict[int, tuple[str, float]] | None = None
) -> CharacterProbabilities:
    """A reading of `text`: each slot puts `sure` on its character and spreads the rest.

    Args:
        doubts: slot → (another character, its probability), taken from the slot's own character.
    """
    padded = ("_" * start + text).ljust(SLOTS, "_")[:SLOTS]
    values = np.full((SLOTS, len(ALPHABET)), (1 - sure) / (len(ALPHABET) - 1), np.float32)
    for slot, character in enumerate(padded):
        values[slot, ALPHABET.index(character)] = sure
    for slot, (other, probability) in (doubts or {}).items():
        own = ALPHABET.index(padded[slot])
        values[slot, ALPHABET.index(other)] += probability
        values[slot, own] -= probability
    values = np.clip(values, 1e-7, 1)
    return CharacterProbabilities(values / values.sum(axis=1, keepdims=True), ALPHABET, "_")
