"""Brazilian plate syntax over character probabilities; never a filter, and never a character more or less.

A reader returns a distribution over characters for each slot. Two hypotheses compete:

- *free*: each slot is its most probable character or empty. Any text can come out.
- *Brazilian*: where the free text has seven characters, they follow ``LLL N X NN`` in the same slots, where X is a
  digit on the old layout (LLLNNNN) and a letter on Mercosul (LLLNLNN, CONTRAN 969/2022). A text of another length is
  never stretched or cut to seven: Argentina's ABC 123 would become a Brazilian plate that does not exist.

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
    brazilian = _brazilian_path(seen, logs, free)
    if brazilian is None or brazilian.score + math.log(ODDS) < free.score:
        return _read(seen, values, free, None, votes) if free.slots else None
    weight = 1.0 / (1.0 + math.exp(free.score - brazilian.score) / ODDS)
    return _read(seen, values, brazilian, weight, votes)


def _free_path(seen: CharacterProbabilities, logs: npt.NDArray[np.float64]) -> _Path:
    best = logs.argmax(axis=1)
    pad = seen.alphabet.index(seen.pad)
    slots = [slot for slot, column in enumerate(best) if column != pad]
    return _Path(slots, [int(best[slot]) for slot in slots], float(logs.max(axis=1).sum()))


def _brazilian_path(seen: CharacterProbabilities, logs: npt.NDArray[np.float64], free: _Path) -> _Path | None:
    """The template on the slots of the free text; None where that has another number of characters."""
    if len(free.slots) != len(_TEMPLATE):
        return None
    columns: list[int] = []
    score = free.score
    for slot, free_column, allowed in zip(free.slots, free.columns, _TEMPLATE, strict=True):
        rivals = [seen.alphabet.index(character) for character in allowed if character in seen.alphabet]
        if not rivals:
            return None
        column = max(rivals, key=lambda rival: float(logs[slot, rival]))
        score += float(logs[slot, column] - logs[slot, free_column])
        columns.append(column)
    return _Path(free.slots, columns, score)


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
