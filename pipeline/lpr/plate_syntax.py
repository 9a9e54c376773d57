"""Brazilian plate syntax as a lattice over character probabilities; never a filter.

A reader returns a distribution over characters for each slot. Two hypotheses compete:

- *free*: each slot is its most probable character or empty. Any text can come out.
- *Brazilian*: the characters in order follow ``LLL N X NN``, where X is a digit on the old layout (LLLNNNN) and a
  letter on Mercosul (LLLNLNN, CONTRAN 969/2022); slots may stay empty. Dynamic programming finds the best path.

The Brazilian path wins unless the free one is more than `ODDS` times as probable. So O/0, I/1, B/8, S/5, Z/2 are
decided by position, while a foreign plate, which differs clearly from every Brazilian one, is returned unchanged.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.domain.plate import Layout, PlateRead, layout_of
from pipeline.domain.ports import CharacterProbabilities

ODDS: Final = 20.0
"""How much more probable than the best Brazilian path a free text must be. The single-character confusions that syntax
decides have odds of 2 to 15 in practice; a foreign character in a sharp image has odds of 1,000 and more."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = "0123456789"
_TEMPLATE: Final = (_LETTERS, _LETTERS, _LETTERS, _DIGITS, _LETTERS + _DIGITS, _DIGITS, _DIGITS)
_MIN_PROBABILITY: Final = 1e-6
"""Probabilities below are noise of float32 softmax; their logarithm would dominate everything else."""


class _Path(NamedTuple):
    """A text through the slots: which slots it uses, which columns, and its log-probability."""

    slots: list[int]
    columns: list[int]
    score: float


def decode(seen: CharacterProbabilities, votes: int = 1) -> PlateRead | None:
    """The most probable text, or None when the plate is most probably empty.

    The confidence of a character c in a slot is ``w · p(c) / p(class) + (1 − w) · p(c)``: with weight w, from
    the odds of the Brazilian hypothesis against the free one, other kinds of characters are ruled out; else they are
    not. The plate's confidence is its weakest character's: one wrong character is a wrong plate.

    Args:
        seen: output of a reader for one crop, or a vote over many crops.
        votes: number of crops in it.
    """
    values = np.clip(seen.values.astype(np.float64), _MIN_PROBABILITY, 1.0)
    logs = np.log(values)
    free = _free_path(seen, logs)
    brazilian = _brazilian_path(seen, logs)
    if brazilian is None or brazilian.score + math.log(ODDS) < free.score:
        return _read(seen, values, free, None, votes) if free.slots else None
    weight = 1.0 / (1.0 + math.exp(free.score - brazilian.score) / ODDS)
    return _read(seen, values, brazilian, weight, votes)


def _free_path(seen: CharacterProbabilities, logs: npt.NDArray[np.float64]) -> _Path:
    best = logs.argmax(axis=1)
    pad = seen.alphabet.index(seen.pad)
    slots = [slot for slot, column in enumerate(best) if column != pad]
    return _Path(slots, [int(best[slot]) for slot in slots], float(logs.max(axis=1).sum()))


def _brazilian_path(seen: CharacterProbabilities, logs: npt.NDArray[np.float64]) -> _Path | None:
    """The best placement of the template on the slots in order, with the other slots empty."""
    slots, places = len(logs), len(_TEMPLATE)
    if slots < places:
        return None
    columns = [np.array([seen.alphabet.index(c) for c in allowed if c in seen.alphabet]) for allowed in _TEMPLATE]
    if any(len(c) == 0 for c in columns):
        return None
    best_column = np.stack([c[logs[:, c].argmax(axis=1)] for c in columns], axis=1)
    emit = np.take_along_axis(logs, best_column, axis=1)
    skip = logs[:, seen.alphabet.index(seen.pad)]
    # score[k]: best log-probability of the slots so far with k characters laid.
    score = np.full(places + 1, -np.inf)
    score[0] = 0.0
    laid = np.zeros((slots, places + 1), bool)
    for slot in range(slots):
        stay = score + skip[slot]
        move = np.concatenate([[-np.inf], score[:-1] + emit[slot]])
        laid[slot] = move > stay
        score = np.where(laid[slot], move, stay)
    used: list[int] = []
    place = places
    for slot in range(slots - 1, -1, -1):
        if laid[slot, place]:
            place -= 1
            used.append(slot)
    used.reverse()
    return _Path(used, [int(best_column[slot, k]) for k, slot in enumerate(used)], float(score[places]))


def _read(
    seen: CharacterProbabilities,
    values: npt.NDArray[np.float64],
    path: _Path,
    weight: float | None,
    votes: int,
) -> PlateRead:
    text = "".join(seen.alphabet[column] for column in path.columns)
    characters: list[float] = []
    for place, (slot, column) in enumerate(zip(path.slots, path.columns, strict=True)):
        probability = float(values[slot, column])
        if weight is not None:
            rivals = [seen.alphabet.index(c) for c in _TEMPLATE[place] if c in seen.alphabet]
            probability = weight * probability / float(values[slot, rivals].sum()) + (1 - weight) * probability
        characters.append(min(1.0, probability))
    layout = layout_of(text) if weight is not None or len(text) == len(_TEMPLATE) else Layout.OTHER
    return PlateRead(text, layout, min(characters), tuple(characters), votes)
