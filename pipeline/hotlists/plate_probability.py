"""Probability of plates, given the character probabilities of a vote, against the background of random plates.

Bayes' rule over three hypotheses: a random plate of the old layout (LLLNNNN), a random Mercosul plate (LLLNLNN,
CONTRAN 969/2022), or any other text. Each row of a vote counts as the likelihood of the characters in its slot. So a
listed plate is as probable as its likelihood ratio against the background says: "0" for "O" costs little where the vote
doubts between the two, and everything where it does not, which no edit distance knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.domain.ports import CharacterProbabilities

DOUBT: Final = 0.002
"""Share of each slot that is spread over all characters: no vote is surer than that (see `benchmarks/hotlists.py`)."""
OTHER_SHARE: Final = 0.02
"""Share of plates on the road without a Brazilian layout."""
CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LENGTH: Final = 7
_LETTER: Final = np.arange(36) < 26
_DIGIT: Final = ~_LETTER
_LAYOUTS: Final = np.stack(
    [
        np.stack([_LETTER] * 3 + [_DIGIT] * 4),
        np.stack([_LETTER] * 3 + [_DIGIT, _LETTER, _DIGIT, _DIGIT]),
    ]
)
"""(2 layouts, 7 places, 36 characters): those that a place may hold."""
_SIZES: Final = _LAYOUTS.sum(axis=2)
_PRIORS: Final = (1 - OTHER_SHARE) / 2 / _SIZES.prod(axis=1, dtype=np.float64)
"""Of each single plate of a layout."""
PLATES: Final = float(1 / _PRIORS.sum())
"""Number of equally frequent vehicles in the background, each in both forms of its plate."""

_Array = npt.NDArray[np.float64]


class _Hypothesis(NamedTuple):
    """Plates of one kind.

    Attributes:
        likelihoods: (places, 36), 0 for characters that a place may not hold.
        prior: of each single plate, with the probability that these slots are the used ones.
    """

    likelihoods: _Array
    prior: float

    @property
    def evidence(self) -> float:
        """Probability of the vote and this kind of plate together."""
        return self.prior * float(self.likelihoods.sum(axis=1).prod())


def probable_plates(seen: CharacterProbabilities, least: float) -> dict[str, float]:
    """Texts that are on the plate with at least some probability: at most ``1 / least`` ones.

    Brazilian texts are compared on the seven slots that are least probably empty, others on those that the most
    probable text uses; so a character that the vote nearly left out costs what the vote says.

    Args:
        seen: a vote, or the output for a single crop.
        least: above 0.

    Returns:
        The probability of each text.
    """
    columns, pad = _columns(seen.alphabet, seen.pad)
    values = seen.values.astype(np.float64)
    free = values.argmax(axis=1) != pad
    if not free.any():
        return {}
    empty = np.clip(values[:, pad], DOUBT, 1 - DOUBT)
    characters = values[:, columns]
    characters = (1 - DOUBT) * characters / (characters.sum(axis=1, keepdims=True) + 1e-12) + DOUBT / len(CHARACTERS)
    hypotheses = [_other(characters, empty, free)]
    if len(empty) >= _LENGTH:
        hypotheses += _brazilian(characters, empty)
    total = sum(one.evidence for one in hypotheses)
    found: dict[str, float] = {}
    for one in hypotheses:
        for text, probability in _texts(one, total, least):
            found[text] = found.get(text, 0.0) + probability
    return found


def _other(characters: _Array, empty: _Array, free: npt.NDArray[np.bool_]) -> _Hypothesis:
    used = characters[free]
    return _Hypothesis(used, OTHER_SHARE * float(len(CHARACTERS)) ** -len(used) * _lengths(empty, free))


def _brazilian(characters: _Array, empty: _Array) -> list[_Hypothesis]:
    used = np.zeros(len(empty), bool)
    used[np.argsort(empty, kind="stable")[:_LENGTH]] = True
    share = _lengths(empty, used)
    return [
        _Hypothesis(np.where(allowed, characters[used], 0.0), float(prior * share))
        for allowed, prior in zip(_LAYOUTS, _PRIORS, strict=True)
    ]


def _lengths(empty: _Array, used: npt.NDArray[np.bool_]) -> float:
    """Probability that just these slots hold characters."""
    return float(np.where(used, 1 - empty, empty).prod())


def _texts(hypothesis: _Hypothesis, total: float, least: float) -> Iterator[tuple[str, float]]:
    """The texts of a hypothesis that reach `least`, place by place; each beginning is dropped as soon as it cannot."""
    likelihoods, scale = hypothesis.likelihoods, hypothesis.prior / total
    best = likelihoods.max(axis=1)
    most = scale * float(best.prod())
    if most < least:
        return
    places, characters = np.nonzero(likelihoods >= (best * (least / most))[:, None])
    shares = (likelihoods[places, characters] / best[places]).tolist()
    begun = [("", most)]
    options: list[list[tuple[str, float]]] = [[] for _ in best]
    for place, character, share in zip(places.tolist(), characters.tolist(), shares, strict=True):
        options[place].append((CHARACTERS[character], share))
    for choices in options:
        begun = [
            (text + character, reachable * share)
            for text, reachable in begun
            for character, share in choices
            if reachable * share >= least
        ]
    yield from begun


@cache
def _columns(alphabet: str, pad: str) -> tuple[list[int], int]:
    """Columns of `CHARACTERS` in a reader's alphabet, and that of the empty slot.

    Raises:
        ValueError: the alphabet lacks one.
    """
    return [alphabet.index(character) for character in CHARACTERS], alphabet.index(pad)
